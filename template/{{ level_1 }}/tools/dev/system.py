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
class System:
    """Everything `make dev` runs, in the order in which it starts."""

    host: str
    start_timeout_s: float
    env_files: tuple[str, ...]
    reload_dirs: tuple[str, ...]
    database: Database
    services: tuple[Service, ...]


def read_system(path: Path) -> System:
    """Read services.toml."""
    file = load(path)
    file.allow("dev", "database", "services")
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
        services=services,
    )


def _database(table: Table) -> Database:
    table.allow("data", "url", "variable")
    return Database(table.get("data", str), table.get("url", str), table.get("variable", str))


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
