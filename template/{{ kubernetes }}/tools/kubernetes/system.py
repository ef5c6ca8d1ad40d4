"""What runs, read from the files of production: the services of this project, and whom they call."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tools.common import ToolError
from tools.production.compose import Compose

_PORT = re.compile(r"--port=(\d+)")
_COMPLETED = "service_completed_successfully"
_MEBIBYTE = 2**20
# Where nobody says otherwise.
_PORTS = {"http": 80, "https": 443, "postgresql": 5432, "s3": 443}


@dataclass(frozen=True)
class Service:
    """A service of this project, as production runs it."""

    name: str
    image: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    # The file in /run/secrets -> the secret that it holds.
    secrets: Mapping[str, str]
    port: int
    answers: bool
    public: bool
    outside: bool
    replicas: int
    memory_mib: int
    stop_s: int
    once: tuple["Once", ...]

    def calls(self) -> Iterator[tuple[str, int]]:
        """Give host and port of everybody whose address it is given."""
        for value in self.environment.values():
            yield from called(value)


@dataclass(frozen=True)
class Once:
    """What has to end well before a service may start, such as its migrations."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    secrets: Mapping[str, str]
    memory_mib: int


def services(compose: Compose) -> list[Service]:
    """Give the services of this project, with what has to run before each."""
    everything = compose.services
    public = everything["gateway"].get("depends_on", {}).keys()
    own = {name: of for name, of in everything.items() if _is_own(of)}
    return [_service(name, of, everything, public=name in public) for name, of in own.items()]


def called(value: str) -> Iterator[tuple[str, int]]:
    """Give hosts and ports of an address; any other text has none.

    PostgreSQL's may name several hosts, behind the question mark.
    """
    if "://" in value:
        address = urlsplit(value)
        port = address.port or _PORTS.get(address.scheme)
        if port is None:
            raise ToolError(
                f"an address must name its port, or nobody is let there: {address.scheme}"
            )
        named = parse_qs(address.query).get("host", [address.hostname or ""])
        yield from ((host, port) for host in named[0].split(",") if host)


def _is_own(of: Mapping[str, Any]) -> bool:
    """Tell what is built from a service of this project."""
    return "SERVICE" in (of.get("build") or {}).get("args", {})


def _waits_for(of: Mapping[str, Any]) -> Iterator[str]:
    for name, need in of.get("depends_on", {}).items():
        if need["condition"] == _COMPLETED:
            yield name


def _service(
    name: str, of: Mapping[str, Any], everything: Mapping[str, Any], *, public: bool
) -> Service:
    command, environment = tuple(of["command"]), _environment(of)
    listens = _PORT.search(" ".join(command))
    return Service(
        name=name,
        image=of["image"],
        command=command,
        environment=environment,
        secrets=_secrets(of),
        port=int(listens[1] if listens else environment["PROBE_PORT"]),
        answers=listens is not None,
        public=public,
        outside="edge" in of["networks"],
        replicas=of["deploy"].get("replicas", 1),
        memory_mib=_memory(of),
        stop_s=int(of["stop_grace_period"].removesuffix("s")),
        once=tuple(_once(need, everything[need]) for need in _waits_for(of)),
    )


def _once(name: str, of: Mapping[str, Any]) -> Once:
    return Once(name, tuple(of["command"]), _environment(of), _secrets(of), _memory(of))


def _environment(of: Mapping[str, Any]) -> dict[str, str]:
    return {key: value or "" for key, value in of.get("environment", {}).items()}


def _secrets(of: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    for secret in of.get("secrets", ()):
        target = secret.get("target") or secret["source"]
        found[target.rpartition("/")[2]] = secret["source"]
    return found


def _memory(of: Mapping[str, Any]) -> int:
    return int(of["deploy"]["resources"]["limits"]["memory"]) // _MEBIBYTE
