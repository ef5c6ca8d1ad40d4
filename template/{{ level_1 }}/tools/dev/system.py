"""The system to run, as services.toml describes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.errors import UsageError
from tools.tables import Table, load

SYSTEM = Path("tools/services.toml")


@dataclass(frozen=True)
class Database:
    """Where the embedded database keeps its data, and how its address is handed over."""

    data: str
    url: str
    variable: str


@dataclass(frozen=True)
class Server:
    """A server that services need, and the function that runs it here."""

    name: str
    run: str
    variable: str


@dataclass(frozen=True)
class Service:
    """One web application, and the commands that bring its database up to date."""

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
    dev.allow("host", "start_timeout_s", "env_files", "reload_dirs")
    return System(
        host=dev.get("host", str),
        start_timeout_s=dev.number("start_timeout_s"),
        env_files=dev.words("env_files") or (".env",),
        reload_dirs=dev.words("reload_dirs"),
        database=_database(file.table("database")),
        servers=tuple(_server(name, table) for name, table in file.table("servers").tables()),
        services=services,
        processes=tuple(_process(name, table) for name, table in file.table("processes").tables()),
    )


def _database(table: Table) -> Database:
    table.allow("data", "url", "variable")
    return Database(table.get("data", str), table.get("url", str), table.get("variable", str))


def _server(name: str, table: Table) -> Server:
    table.allow("run", "variable")
    return Server(name, table.get("run", str), table.get("variable", str))


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
