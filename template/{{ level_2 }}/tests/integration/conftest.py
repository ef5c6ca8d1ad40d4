"""The running system, made once for all tests."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.integration.collections import collections
from tests.integration.postgres import Postgres, choice, postgres
from tests.integration.servers import RunningServer, choices, servers
from tests.integration.system import (
    ROOT,
    Started,
    create_database,
    document,
    in_process,
    migrate_all,
    system,
)


def pytest_report_header() -> list[str]:
    """Say on which servers the tests run."""
    chosen = {"PostgreSQL": choice()} | {name.title(): one for name, one in choices().items()}
    return [f"{name}: {one.kind} ({one.reason})" for name, one in chosen.items()]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test for each collection of each service, or for each service, as it asks for it."""
    names = metafunc.fixturenames
    if "collection" in names:
        found = [(s.name, one) for s in system().services for one in collections(document(s.name))]
        ids = [f"{name}-{one.name}" for name, one in found]
        metafunc.parametrize(("service", "collection"), found, ids=ids, scope="module")
    elif "service" in names:
        metafunc.parametrize("service", [one.name for one in system().services], scope="module")


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """A PostgreSQL without data."""
    with postgres(ROOT) as running:
        yield running


@pytest.fixture(scope="session", autouse=True)
def others() -> Iterator[Mapping[str, RunningServer]]:
    """What the services need besides PostgreSQL, by name."""
    with servers() as running:
        yield running


@pytest.fixture(scope="session")
def database_url(server: Postgres) -> str:
    """A database that is up to date."""
    create_database(server.database("postgres"), "tests")
    url = server.database("tests")
    migrate_all(url)
    return url


@pytest.fixture(scope="session")
def services(database_url: str) -> Iterator[dict[str, Started]]:
    """Every service, running in this process."""
    with in_process(database_url) as started:
        yield started


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """A folder for the logs of processes."""
    return tmp_path
