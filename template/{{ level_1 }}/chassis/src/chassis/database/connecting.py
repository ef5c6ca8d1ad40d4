"""How connections are made: the address as libpq reads it, and what a pooler in between cannot bear."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, event, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

DRIVER: Final = "postgresql+asyncpg"
SSL_MODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
FILES: Final = ("sslrootcert", "sslcert", "sslkey", "sslcrl")
"""Parameters of an address that name a file."""

# What the driver reads itself, or passes on to the server.
_DRIVER = {
    *("application_name", "database", "dbname", "gsslib", "host", "krbsrvname", "options"),
    *("passfile", "password", "port", "search_path", "service", "servicefile", "sslmode"),
    *("sslnegotiation", "sslpassword", "ssl_max_protocol_version", "ssl_min_protocol_version"),
    *("target_session_attrs", "user", *FILES),
}
# What only libpq has: how it connects, which is nothing that an answer depends on.
_LIBPQ = {
    *("channel_binding", "connect_timeout", "fallback_application_name", "gssdelegation"),
    *("gssencmode", "keepalives", "keepalives_count", "keepalives_idle", "keepalives_interval"),
    *("load_balance_hosts", "require_auth", "requirepeer", "sslcertmode", "sslcompression"),
    *("sslsni", "tcp_user_timeout"),
}


def checked(url: URL) -> URL:
    """Refuse, with a ValueError, parameters that nobody would understand when it is connected."""
    for name in url.query:
        if name not in _DRIVER | _LIBPQ | {"ssl"}:
            msg = f"has the parameter {name}, which libpq does not know; take it out"
            raise ValueError(msg)
    for name in ("sslmode", "ssl"):
        if (mode := url.query.get(name, "prefer")) not in SSL_MODES:
            msg = f"has {name}={mode}; it must be one of {', '.join(SSL_MODES)}"
            raise ValueError(msg)
    for name in FILES:
        path = str(url.query.get(name, ""))
        if path not in {"", "system"} and not Path(path).is_file():
            msg = f"has {name}={path}, and there is no such file"
            raise ValueError(msg)
    return url


def engine_of(url: URL, *, pooled: bool = False, **options: Any) -> AsyncEngine:
    """Make an engine for an address with any parameters of libpq.

    ``pooled`` tells that a pooler such as PgBouncer stands in between: then connections tell it
    nothing when they begin, and no prepared statement is taken to be there later.
    """
    arguments = {"dsn": _as_libpq(url), **options.pop("connect_args", {})}
    if pooled:
        arguments |= {
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 0,
            # Clients share connections. A statement without a name ends with the next one.
            "prepared_statement_name_func": lambda: "",
        }
    return create_async_engine(f"{DRIVER}://", connect_args=arguments, **options)


def set_in_transactions(engine: AsyncEngine, settings: Mapping[str, str]) -> None:
    """Have each transaction begin with settings, which a pooler lets nobody make for longer."""
    calls = ", ".join(f"set_config('{name}', :{name}, true)" for name in settings)
    statement = text(f"SELECT {calls}")

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        connection.execute(statement, settings)


def _as_libpq(url: URL) -> str:
    query = {"sslmode" if name == "ssl" else name: value for name, value in url.query.items()}
    known = {name: value for name, value in query.items() if name in _DRIVER}
    plain = url.set(drivername="postgresql", query=known)
    return plain.render_as_string(hide_password=False)
