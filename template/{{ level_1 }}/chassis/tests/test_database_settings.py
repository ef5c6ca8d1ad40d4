"""Where the database is."""

from contextlib import suppress
from typing import Any

import asyncpg
import pytest
from pydantic import ValidationError
from sqlalchemy.engine import make_url

from chassis.database import DatabaseSettings
from chassis.database.connecting import engine_of


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
@pytest.mark.parametrize(
    "rest", ["user:p%40ss@db:5432/tasks", "postgres@/postgres?host=%2Frun%2Fpg", "@/x?host=/run/pg"]
)
def test_the_driver_is_named(scheme: str, rest: str) -> None:
    given = make_url(f"{scheme}://{rest}")

    url = make_url(DatabaseSettings(database_url=f"{scheme}://{rest}").database_url)

    assert url == given.set(drivername="postgresql+asyncpg")


@pytest.mark.parametrize(
    "url", ["", "db:5432", "mysql://secret@db/x", "postgresql+psycopg://secret@db/x"]
)
def test_any_other_database_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(ValidationError, match="must look like postgresql://") as refused:
        DatabaseSettings(database_url=url)

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ("sslmode=sometimes", "has sslmode=sometimes; it must be one of disable, allow"),
        ("ssl=true", "has ssl=true; it must be one of"),
        ("sslrootcert=/nowhere/ca.pem", "has sslrootcert=/nowhere/ca.pem, and there is no such"),
        ("pgbouncer=true", "has the parameter pgbouncer, which libpq does not know; take it out"),
    ],
)
def test_parameters_that_nobody_understands_are_refused(parameters: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said) as refused:
        DatabaseSettings(database_url=f"postgresql://user:secret@db/x?{parameters}")

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("parameters", "passed_on"),
    [
        ("sslmode=require&channel_binding=require", "sslmode=require"),
        ("ssl=require", "sslmode=require"),
        ("application_name=me&connect_timeout=10", "application_name=me"),
        ("sslmode=verify-full&sslrootcert=system", "sslmode=verify-full&sslrootcert=system"),
    ],
)
async def test_the_driver_reads_the_address_as_libpq_does(
    parameters: str, passed_on: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}

    async def connect(**arguments: Any) -> None:
        given.update(arguments)
        raise OSError

    monkeypatch.setattr(asyncpg, "connect", connect)
    url = DatabaseSettings(database_url=f"postgresql://me:p%40ss@db/x?{parameters}").database_url

    with suppress(OSError):
        async with engine_of(make_url(url)).connect():
            pass

    assert given == {"dsn": f"postgresql://me:p%40ss@db/x?{passed_on}"}


def test_the_password_is_not_shown() -> None:
    assert "secret" not in repr(DatabaseSettings(database_url="postgresql://a:secret@db/x"))


def test_there_is_no_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)

    with pytest.raises(ValidationError, match="database_url"):
        DatabaseSettings()
