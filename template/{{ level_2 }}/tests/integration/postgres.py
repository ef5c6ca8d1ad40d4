"""A real PostgreSQL: in a container where Docker is, the embedded one elsewhere."""

import gc
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy.engine import URL, make_url
from tools.dev.postgres import Server

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


@dataclass(frozen=True)
class Choice:
    """Which server is used, and why."""

    kind: str
    reason: str


@cache
def choice() -> Choice:
    """Choose: what is asked for, else a container if the image can be had, else the embedded one."""
    asked = os.environ.get(VARIABLE, "")
    if asked in {DOCKER, EMBEDDED}:
        return Choice(asked, f"{VARIABLE} asks for it")
    if asked:
        return Choice(EMBEDDED, f"{VARIABLE} must be {DOCKER} or {EMBEDDED}, got: {asked}")
    with _quiet():
        reason = _why_no_container()
        gc.collect()  # what failed must not complain later, in the middle of a test
    return Choice(EMBEDDED, reason) if reason else Choice(DOCKER, "a Docker engine answers")


def _why_no_container() -> str:
    try:
        _look_for_image()
    except Exception as error:  # noqa: BLE001  # whatever it is, there is no server
        return f"no container: {str(error).partition('\n')[0][:100]}"
    return ""


def _look_for_image() -> None:
    docker: Any = import_module("docker")  # only where it is asked for
    client = docker.from_env(timeout=60)
    try:
        client.ping()
        try:
            client.images.get(IMAGE)
        except docker.errors.ImageNotFound:
            client.images.pull(IMAGE)
    finally:
        client.close()


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
        server = Server(Path(folder) / "postgres")
        socket_dir = server.start()

        @contextmanager
        def away() -> Iterator[None]:
            server.stop()
            try:
                yield
            finally:
                server.start()

        try:
            yield Postgres(make_url(f"{DRIVER}://postgres@/postgres?host={socket_dir}"), away)
        finally:
            server.stop()


@contextmanager
def _container() -> Iterator[Postgres]:
    with _quiet():
        from testcontainers.postgres import PostgresContainer  # noqa: PLC0415
    with PostgresContainer(IMAGE, driver="asyncpg") as container:
        wrapped: Any = container.get_wrapped_container()

        @contextmanager
        def away() -> Iterator[None]:
            wrapped.pause()
            try:
                yield
            finally:
                wrapped.unpause()

        yield Postgres(make_url(container.get_connection_url()), away)


@contextmanager
def _quiet() -> Iterator[None]:
    """Leave the warnings of libraries about themselves to their authors."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
