"""A real PostgreSQL: in a container where Docker is, the embedded one elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy.engine import URL, make_url
from tools.dev.postgres import Server

from tests.integration.containers import (
    Choice,
    asked_for,
    paused,
    quiet,
    stopped,
    why_no_container,
)

IMAGE = "postgres:18"
VARIABLE = "TEST_POSTGRES"
DOCKER, EMBEDDED = "docker", "embedded"
DRIVER = "postgresql+asyncpg"


@dataclass(frozen=True)
class Postgres:
    """A running server, and how to take it away for a while."""

    url: URL
    away: Callable[[], AbstractContextManager[None]]

    def database(self, name: str) -> str:
        """Give the address of one of its databases, as services want it."""
        return self.url.set(database=name).render_as_string(hide_password=False)


@cache
def choice() -> Choice:
    """Choose: what is asked for, else a container if the image can be had, else the embedded one."""
    if asked := asked_for(VARIABLE, DOCKER, EMBEDDED):
        return asked
    reason = why_no_container(IMAGE)
    return Choice(EMBEDDED, reason) if reason else Choice(DOCKER, "a Docker engine answers")


@contextmanager
def postgres(root: Path) -> Iterator[Postgres]:
    """Run the server that was chosen, with no data."""
    run = _container() if choice().kind == DOCKER else _embedded(root)
    with run as server:
        yield server


@contextmanager
def _embedded(root: Path) -> Iterator[Postgres]:
    # Not among pytest's folders, which nobody else may enter: for root, PostgreSQL is another user.
    (root / ".dev").mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="tests-", dir=root / ".dev") as folder:
        server = Server(Path(folder) / "postgres", fleeting=True)
        socket_dir = server.start()

        url = make_url(f"{DRIVER}://postgres@/postgres?host={socket_dir}")
        try:
            yield Postgres(url, partial(stopped, server))
        finally:
            server.stop()


@contextmanager
def _container() -> Iterator[Postgres]:
    with quiet():
        from testcontainers.postgres import PostgresContainer  # noqa: PLC0415
    with PostgresContainer(IMAGE, driver="asyncpg") as container:
        yield Postgres(make_url(container.get_connection_url()), partial(paused, container))
