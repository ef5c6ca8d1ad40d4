"""The services, with a proxy before everything that they need."""

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from unittest.mock import patch
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url

from tests.chaos.proxy import HOST, Address, Proxy
from tests.integration.system import (
    ADDRESSES,
    Started,
    application,
    environment,
    listening,
    serving,
    system,
)

DATABASE = "database"
# Short, so that nobody has to wait long for what does not come.
IMPATIENT = {
    "HTTP_TIMEOUT": "1",
    "HTTP_CONNECT_TIMEOUT": "0.5",
    "REQUEST_TIME": "2",
    "BREAKER_CALLS": "10",
    "BREAKER_PAUSE": "0.3",
    "DATABASE_STATEMENT_TIMEOUT": "1",
    "DATABASE_CONNECT_TIMEOUT": "0.5",
    "DATABASE_POOL_TIMEOUT": "0.5",
}


@dataclass(frozen=True)
class Chaos:
    """The services that clients call, and the proxies before what they need."""

    public: Mapping[str, Started]
    proxies: Mapping[str, Proxy]


def needed() -> list[str]:
    """Name what requests cannot be answered without: the database, and the services before it."""
    return [DATABASE, *(service.name for service in system().services if service.upgrade)]


@contextmanager
def chaos(database_url: str) -> Iterator[Chaos]:
    """Run the services; every address that they know is that of a proxy."""
    with ExitStack() as stack:
        sockets = {s.name: stack.enter_context(listening()) for s in system().services}
        targets: dict[str, Address] = {name: (HOST, _port(one)) for name, one in sockets.items()}
        targets |= {name: _address(url) for name, url in _behind_sockets().items()}
        targets[DATABASE] = _socket(database_url)
        proxies = {
            name: stack.enter_context(Proxy.before(target)) for name, target in targets.items()
        }
        stack.enter_context(patch.dict(os.environ, IMPATIENT))
        stack.enter_context(patch.dict(ADDRESSES, _through(proxies)))
        through = make_url(database_url).set(host=HOST, port=proxies[DATABASE].port, query={})
        url = through.render_as_string(hide_password=False)
        ports = {name: proxies[name].port for name in sockets}
        for service in system().services:
            app = application(service, environment(service, url, ports))
            stack.enter_context(serving(app, sockets[service.name]))
        yield Chaos(
            {
                service.name: Started(service, f"http://{HOST}:{_port(sockets[service.name])}")
                for service in system().services
                if not service.upgrade
            },
            proxies,
        )


def _through(proxies: Mapping[str, Proxy]) -> dict[str, str]:
    """Give the addresses of the servers as they are behind their proxies."""
    return {
        name: url.replace(urlsplit(url).netloc.rpartition("@")[2], f"{HOST}:{proxies[name].port}")
        for name, url in _behind_sockets().items()
    }


def _behind_sockets() -> dict[str, str]:
    """Give the addresses of servers; a folder is none."""
    return {name: url for name, url in ADDRESSES.items() if urlsplit(url).hostname}


def _address(url: str) -> Address:
    parts = urlsplit(url)
    return parts.hostname or HOST, parts.port or 0


def _socket(database_url: str) -> Address:
    url = make_url(database_url)
    if folder := url.query.get("host"):
        return f"{folder}/.s.PGSQL.{url.port or 5432}"
    return url.host or HOST, url.port or 5432


def _port(open_: socket.socket) -> int:
    return int(open_.getsockname()[1])
