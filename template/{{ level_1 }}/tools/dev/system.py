"""The system to run, as services.toml describes it: who runs, on which port, with what."""

import os
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]
from dotenv import dotenv_values

from tools.common import ToolError, UsageError
from tools.common.processes import tool_path, without_proxy
from tools.common.tables import Table, fill, load, mentioned

SYSTEM = Path("tools/services.toml")
_HIGHEST_PORT = 65535
_NEXT_TRY = 10


@dataclass(frozen=True)
class Database:
    """Where the embedded database keeps its data, and how its address is handed over.

    Services and migrations are different roles, each with an address of its own.
    """

    data: str
    url: str
    variable: str
    owner_url: str
    owner_variable: str


@dataclass(frozen=True)
class Server:
    """A server that services need, and the function that runs it here."""

    name: str
    run: str
    variable: str
    migrated: bool
    """Whether what it keeps is brought up to date as the database is."""


@dataclass(frozen=True)
class Service:
    """One web application, and the commands that bring what it keeps up to date."""

    name: str
    app: str
    port: int
    port_variable: str
    ready: str
    docs: str
    reload_dirs: tuple[str, ...]
    upgrade: tuple[str, ...]
    revision: tuple[str, ...]
    env: Mapping[str, str]

    @property
    def in_database(self) -> bool:
        """Say whether what it keeps is in the database that runs here."""
        return any("database_url" in mentioned(text) for text in self.env.values())


@dataclass(frozen=True)
class Process:
    """One process that nobody calls over HTTP, and the command that runs it."""

    name: str
    command: tuple[str, ...]
    reload_dirs: tuple[str, ...]
    env: Mapping[str, str]


@dataclass(frozen=True)
class System:
    """Everything `make dev` runs, in the order in which it starts."""

    host: str
    start_timeout_s: float
    env_files: tuple[str, ...]
    defaults: Mapping[str, str]
    stand_ins: Mapping[str, str]
    """Variables that services have here and in tests, unless they are set otherwise."""
    clients: str
    """The function that says what clients have to send; none where services ask for nothing."""
    notes: Mapping[str, str]
    """What `make dev` tells people besides, by a word."""
    reload_dirs: tuple[str, ...]
    database: Database
    servers: tuple[Server, ...]
    services: tuple[Service, ...]
    processes: tuple[Process, ...]

    @property
    def children(self) -> tuple[Service | Process, ...]:
        """Everything that runs as a process of its own."""
        return (*self.services, *self.processes)


def read_system(path: Path) -> System:
    """Read services.toml."""
    file = load(path)
    file.allow("dev", "database", "servers", "services", "processes")
    services = tuple(_service(name, table) for name, table in file.table("services").tables())
    if not services:
        raise UsageError(f"{file.place}: must contain at least one table [services.NAME]")
    dev = file.table("dev")
    dev.allow(
        "host",
        "start_timeout_s",
        "env_files",
        "defaults",
        "stand_ins",
        "clients",
        "notes",
        "reload_dirs",
    )
    return System(
        host=dev.get("host", str),
        start_timeout_s=dev.number("start_timeout_s"),
        env_files=dev.words("env_files") or (".env",),
        defaults=dev.texts("defaults"),
        stand_ins=dev.texts("stand_ins"),
        clients=dev.get("clients", str, default=""),
        notes=dev.texts("notes"),
        reload_dirs=dev.words("reload_dirs"),
        database=_database(file.table("database")),
        servers=tuple(_server(name, table) for name, table in file.table("servers").tables()),
        services=services,
        processes=tuple(_process(name, table) for name, table in file.table("processes").tables()),
    )


def _database(table: Table) -> Database:
    keys = ("data", "url", "variable", "owner_url", "owner_variable")
    table.allow(*keys)
    return Database(*(table.get(key, str) for key in keys))


def _server(name: str, table: Table) -> Server:
    table.allow("run", "variable", "migrated")
    migrated = table.get("migrated", bool, default=False)
    return Server(name, table.get("run", str), table.get("variable", str), migrated)


def _service(name: str, table: Table) -> Service:
    table.allow("app", "port", "port_variable", "ready", "docs", "reload_dirs", "migrations", "env")
    migrations = table.table("migrations")
    migrations.allow("upgrade", "revision")
    return Service(
        name=name,
        app=table.get("app", str),
        port=table.get("port", int),
        port_variable=table.get("port_variable", str),
        ready=table.get("ready", str),
        docs=table.get("docs", str),
        reload_dirs=table.words("reload_dirs"),
        upgrade=migrations.words("upgrade"),
        revision=migrations.words("revision"),
        env=table.texts("env"),
    )


def _process(name: str, table: Table) -> Process:
    table.allow("command", "reload_dirs", "env")
    return Process(
        name=name,
        command=table.words("command"),
        reload_dirs=table.words("reload_dirs"),
        env=table.texts("env"),
    )


def chosen_ports(system: System, environment: Mapping[str, str]) -> dict[str, int]:
    """Return each service's port: its variable's value, or the usual one."""
    ports = {service.name: _chosen(service, environment) for service in system.services}
    for name, port in ports.items():
        if same := [other for other in ports if other != name and ports[other] == port]:
            raise UsageError(f"{name} and {same[0]} cannot both have port {port}")
    return ports


def _chosen(service: Service, environment: Mapping[str, str]) -> int:
    text = environment.get(service.port_variable) or str(service.port)
    if not text.isdecimal() or not 0 < int(text) <= _HIGHEST_PORT:
        raise UsageError(
            f"{service.port_variable} must be a port (1 to {_HIGHEST_PORT}), got: {text}"
        )
    return int(text)


def check_free(system: System, ports: Mapping[str, int]) -> None:
    """Stop with one line a taken port, each saying what to do."""
    taken = [
        _taken(service, port, set(ports.values()))
        for service in system.services
        if not _is_free(system.host, port := ports[service.name])
    ]
    if taken:
        raise ToolError("\n".join(taken))


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        # As the services do: a port that is merely cooling down is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError as error:
            raise ToolError(f"port {port} needs more rights; choose one above 1023") from error
        except OSError:
            return False
        return True


def _taken(service: Service, port: int, used: set[int]) -> str:
    another = next(p for p in range(port + _NEXT_TRY, port + 1000, _NEXT_TRY) if p not in used)
    another = another if another <= _HIGHEST_PORT else service.port
    return (
        f"port {port} is taken{_owner(port)};"
        f" free it or run: {service.port_variable}={another} make dev"
    )


def _owner(port: int) -> str:
    try:
        listening = [
            connection.pid
            for connection in psutil.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
        ]
        owner = next(pid for pid in sorted(filter(None, listening)))
        # A reloading server listens in parent and child; it ends with its group's leader, if that
        # is still there.
        group = os.getpgid(owner)
        leader = psutil.Process(group if psutil.pid_exists(group) else owner)
        return f" by pid {leader.pid} ({' '.join(leader.cmdline())[:80] or leader.name()})"
    except (psutil.Error, StopIteration, OSError):
        return ""


def base_environment(
    root: Path, files: Sequence[str], defaults: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the defaults below the files' values below those of the shell; own tools come first.

    A later file counts more. The name of a file may depend on what is known until then; one that
    cannot be named, or does not exist, is left out.
    """
    known: dict[str, str] = {}
    for file in files:
        variables = {key.lower(): value for key, value in {**known, **os.environ}.items()}
        with suppress(UsageError):
            path = root / fill(file, variables, "dev.env_files")
            from_file = dotenv_values(path, interpolate=False)
            known |= {key: value for key, value in from_file.items() if value is not None}
    own = {"PATH": tool_path(os.environ), "PYTHONUNBUFFERED": "1"}
    there = {**(defaults or {}), **known, **os.environ, **own}
    return there | without_proxy(there)


def without_libpq(environment: Mapping[str, str]) -> dict[str, str]:
    """Leave out the variables of libpq: they are for other databases than the embedded one."""
    return {name: text for name, text in environment.items() if not name.startswith("PG")}


def service_environment(
    service: Service | Process,
    system: System,
    base: Mapping[str, str],
    ports: Mapping[str, int],
    urls: Mapping[str, str],
) -> dict[str, str]:
    """Return what one service runs with; its addresses beat every other source.

    The owner of the tables is nothing that it needs to know. ``urls`` are the addresses of the
    database and of the servers that run: a variable that needs another server is left out.
    """
    values = {f"ports.{name}": str(port) for name, port in ports.items()}
    values |= {f"servers.{name}": url for name, url in urls.items()}
    values |= {"host": system.host, "database_url": urls["database"]}
    away = {f"servers.{server.name}" for server in system.servers} - values.keys()
    place = f"services.{service.name}.env"
    own = {key: text for key, text in service.env.items() if not away & mentioned(text)}
    known = {key: text for key, text in base.items() if key != system.database.owner_variable}
    if urls["database"] != base.get(system.database.variable):
        known = without_libpq(known)
    return {**known, **{key: fill(text, values, place) for key, text in own.items()}}


def migration_environment(
    system: System, environment: Mapping[str, str], owner_url: str
) -> dict[str, str]:
    """Return what the migrations of a service run with: they know the owner of the tables, too."""
    return {**environment, system.database.owner_variable: owner_url}
