"""Where the database is."""

import pytest
from pydantic import ValidationError
from sqlalchemy.engine import make_url

from chassis.database import DatabaseSettings


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


def test_the_password_is_not_shown() -> None:
    assert "secret" not in repr(DatabaseSettings(database_url="postgresql://a:secret@db/x"))


def test_there_is_no_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)

    with pytest.raises(ValidationError, match="database_url"):
        DatabaseSettings()
