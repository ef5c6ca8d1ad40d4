from typing import Annotated

from pydantic import AfterValidator, Field, PositiveFloat, PositiveInt, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from chassis.database.connecting import DRIVER, checked


def _with_driver(url: str) -> str:
    """Name the driver, which a plain ``postgresql://`` URL leaves open."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    if parsed is None or parsed.drivername not in {"postgres", "postgresql", DRIVER}:
        msg = "must look like postgresql://user:password@host:5432/database"
        raise ValueError(msg)
    return checked(parsed.set(drivername=DRIVER)).render_as_string(hide_password=False)


type DatabaseUrl = Annotated[str, AfterValidator(_with_driver)]


class DatabaseSettings(BaseSettings):
    """Settings of the database."""

    model_config = SettingsConfigDict(hide_input_in_errors=True)  # the URL holds a password

    database_url: DatabaseUrl = Field(repr=False)
    """Where PostgreSQL is, and as which role the service uses it, with any parameters of libpq
    (``?sslmode=verify-full``); a Unix socket is given as ``?host=/its/directory``."""
    database_behind_pooler: bool = False
    """Whether PgBouncer, or a pooler like it, stands in between, in whatever mode."""
    database_password: SecretStr | None = None
    """Of the role that the URL names without one."""
    migration_database_url: DatabaseUrl | None = Field(default=None, repr=False)
    """The same database for the role that owns the tables, as which migrations run.

    Only migrations need it. Without it they run as the service does, which owns the tables then.
    """
    migration_database_password: SecretStr | None = None
    """Of that role, if the URL names it without one."""
    database_pool_size: PositiveInt = 10
    """Connections that one process may hold."""
    database_pool_timeout: PositiveFloat = 5
    """Seconds that a request waits for a free connection."""
    database_connect_timeout: PositiveFloat = 5
    """Seconds that opening one connection may take."""
    migration_lock_timeout: PositiveFloat = 1
    """Seconds that a migration waits for a lock, and everybody else behind it."""
    migration_patience: PositiveFloat = 60
    """Seconds for which it tries again to get its locks."""
    database_statement_timeout: PositiveFloat = 5
    """Seconds after which the database gives up on one statement."""
    database_lock_timeout: PositiveFloat = 2
    """Seconds that one statement waits for what another transaction holds."""
    max_page_bytes: PositiveInt = 2 * 1024 * 1024
    """Bytes after which a page of a list ends, however many records were asked for."""


def address(settings: DatabaseSettings) -> URL:
    """Give the URL of the service with the password."""
    return _with_password(settings.database_url, settings.database_password)


def owner_address(settings: DatabaseSettings) -> URL | None:
    """Give the URL of the role that owns the tables with the password, if it is another one."""
    if settings.migration_database_url is None:
        return None
    return _with_password(settings.migration_database_url, settings.migration_database_password)


def _with_password(text: str, password: SecretStr | None) -> URL:
    url = make_url(text)
    if password is None or url.password is not None:
        return url
    return url.set(password=password.get_secret_value())
