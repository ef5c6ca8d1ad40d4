"""The services of tools/services.toml: running in this process, or in processes of their own."""

import asyncio
import os
import runpy
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
from fastapi import FastAPI
from sqlalchemy.engine import make_url
from tools.dev.clients import headers
from tools.dev.service import Options, command
from tools.dev.system import (
    SYSTEM,
    Service,
    System,
    base_environment,
    migration_environment,
    read_system,
    service_environment,
)

from chassis.server import Server
from chassis.testing.variables import forget_settings

ROOT = Path(__file__).resolve().parents[2]
NO_DATABASE = "postgresql://nobody@127.0.0.1:1/nothing"
HOST = "127.0.0.1"
START_TIMEOUT_S = 60
ADDRESSES: dict[str, str] = {}
"""Of the servers that run besides PostgreSQL, by name."""


@dataclass(frozen=True)
class Started:
    """A service that answers."""

    service: Service
    url: str


@cache
def system() -> System:
    """Read which services there are."""
    return read_system(ROOT / SYSTEM)


def environment(
    service: Service,
    database_url: str,
    ports: Mapping[str, int] | None = None,
    base: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Give the environment of a service, which is not the owner that the address names.

    Nothing of it comes from files.
    """
    known = {other.name: other.port for other in system().services} | dict(ports or {})
    shell = base_environment(ROOT, (), system().stand_ins) if base is None else base
    own = {**shell, "APP_ENV": "test"}
    urls = {**ADDRESSES, "database": service_url(database_url)}
    return service_environment(service, system(), own, known, urls)


def client_headers(service: Service) -> Mapping[str, str]:
    """Give what clients of a service send that runs in a process of its own."""
    return headers(system(), service, ROOT, base_environment(ROOT, (), system().stand_ins))


def service_url(database_url: str) -> str:
    """Give the address of the database as services have it: the role is theirs."""
    role = make_url(system().database.url).username
    return make_url(database_url).set(username=role).render_as_string(hide_password=False)


@contextmanager
def only(values: Mapping[str, str]) -> Iterator[None]:
    """Have these environment variables for a while, and no others."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def application(service: Service, values: Mapping[str, str]) -> FastAPI:
    """Build a service's application, which reads its settings from the environment."""
    factory = service.app.rpartition(":")[2]
    with only(values):
        app: FastAPI = getattr(import_module(_module(service)), factory)()
        return app


def _module(service: Service) -> str:
    return service.app.partition(":")[0]


@cache
def document(name: str) -> dict[str, Any]:
    """Give the OpenAPI document of a service, with no examples but those of its schemas."""
    (service,) = (one for one in system().services if one.name == name)
    import_module(_module(service))  # now it is known what its settings read
    shell = base_environment(ROOT, ())
    forget_settings(shell)  # tests are found by the document, when those of the shell are there yet
    return FastAPI.openapi(application(service, environment(service, NO_DATABASE, base=shell)))


def package(service: Service) -> str:
    """Name the package of a service."""
    return service.app.partition(".")[0]


def create_database(server: str, name: str) -> None:
    """Make an empty database on the server at this address."""

    async def create() -> None:
        url = make_url(server).set(drivername="postgresql")
        connection = await asyncpg.connect(url.render_as_string(hide_password=False))
        try:
            await connection.execute(f'CREATE DATABASE "{name}"')
        finally:
            await connection.close()

    asyncio.run(create())


def migrate(service: Service, database_url: str, *arguments: str) -> None:
    """Run a migration command of a service: ``upgrade``, or ``downgrade base``."""
    module = service.upgrade[service.upgrade.index("-m") + 1]
    before = list(sys.argv)
    own = environment(service, database_url)
    with only(migration_environment(system(), own, database_url)):
        sys.argv[1:] = arguments
        try:
            runpy.run_module(module, run_name="__main__", alter_sys=False)
        finally:
            sys.argv[:] = before


def migrate_all(database_url: str) -> None:
    """Bring the database up to date, and what else runs of what services keep data in."""
    kept = {server.name for server in system().servers if server.migrated}
    for service in system().services:
        if service.upgrade and (service.in_database or kept <= ADDRESSES.keys()):
            migrate(service, database_url, service.upgrade[-1])


@contextmanager
def in_process(database_url: str) -> Iterator[dict[str, Started]]:
    """Run the services in threads of this process, so that their coverage is measured."""
    with ExitStack() as stack:
        sockets = {s.name: stack.enter_context(listening()) for s in system().services}
        ports = {name: int(open_.getsockname()[1]) for name, open_ in sockets.items()}
        for service in system().services:
            app = application(service, environment(service, database_url, ports))
            stack.enter_context(serving(app, sockets[service.name]))
        yield {
            service.name: Started(service, f"http://{HOST}:{ports[service.name]}")
            for service in system().services
        }


@contextmanager
def listening() -> Iterator[socket.socket]:
    """Take a port; what connects before it is served waits."""
    with socket.create_server((HOST, 0)) as open_:
        yield open_


@contextmanager
def serving(app: FastAPI, open_: socket.socket) -> Iterator[None]:
    """Run an application in a thread."""
    server = Server(app, app.state.server, timeout_graceful_shutdown=2)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [open_]})
    thread.start()
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not server.started:
            assert thread.is_alive(), "the service ended at start; see the log"
            assert time.monotonic() < deadline, "the service does not start"
            time.sleep(0.01)
        yield
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def in_processes(database_url: str, logs: Path) -> Iterator[dict[str, Started]]:
    """Run the services as they are run elsewhere; the log of each is in a file of its name."""
    ports = {service.name: free_port() for service in system().services}
    with ExitStack() as stack:
        started = {}
        for service in system().services:
            log = stack.enter_context((logs / service.name).open("wb"))
            process = subprocess.Popen(  # noqa: S603  # a command of services.toml
                command(service, system(), ROOT, ports[service.name], OPTIONS),
                cwd=ROOT,
                env=environment(service, database_url, ports),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
            stack.callback(process.wait, 20)
            stack.callback(process.terminate)
            started[service.name] = Started(service, f"http://{HOST}:{ports[service.name]}")
        for one in started.values():
            _wait_for(one, logs / one.service.name)
        yield started


OPTIONS = Options(reload=False, access_log=True)


def free_port() -> int:
    """Find a port that nobody has."""
    with socket.create_server((HOST, 0)) as probe:
        return int(probe.getsockname()[1])


def _wait_for(started: Started, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            answer = httpx2.get(f"{started.url}/health", timeout=5)
        except httpx2.TransportError:
            assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
            time.sleep(0.05)
        else:
            assert answer.status_code == 200, answer.text
            return
