"""A client of each public service, and what it can make there."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.e2e.surface import addresses, client, public
from tests.integration.collections import Records
from tests.integration.system import document


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test for each public service."""
    if "service" in metafunc.fixturenames:
        metafunc.parametrize("service", [one.name for one in public()], scope="session")


@pytest.fixture(scope="session")
def surface() -> Iterator[dict[str, Records]]:
    """What makes records through each service, over one client for all tests."""
    with ExitStack() as stack:
        urls = stack.enter_context(addresses())
        yield {
            one.name: Records(stack.enter_context(client(one, urls[one.name])), document(one.name))
            for one in public()
        }


@pytest.fixture
def records(surface: dict[str, Records], service: str) -> Iterator[Records]:
    """What makes records; nothing of them stays."""
    yield surface[service]
    surface[service].remove_all()
