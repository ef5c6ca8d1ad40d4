"""The system behind proxies, made once for all tests."""

from collections.abc import Iterator

import pytest

from tests.chaos.system import Chaos, chaos
from tests.integration.postgres import postgres
from tests.integration.servers import servers
from tests.integration.system import ROOT, create_database, migrate_all


@pytest.fixture(scope="session")
def system_in_chaos() -> Iterator[Chaos]:
    """Every service, and a proxy before everything that it needs."""
    with postgres(ROOT) as server, servers():
        create_database(server.database("postgres"), "chaos")
        migrate_all(server.database("chaos"))
        with chaos(server.database("chaos")) as running:
            yield running
