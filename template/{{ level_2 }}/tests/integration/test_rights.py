"""What services may do in the database: read and write rows, and nothing else."""

import asyncio

import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from tests.integration.postgres import Postgres
from tests.integration.system import create_database, migrate_all, service_url, system

INSUFFICIENT_PRIVILEGE = "42501"
ROLE = make_url(system().database.url).username
NAMES = """
    SELECT array_agg(format('%I', tablename) ORDER BY tablename) FROM pg_tables
    WHERE schemaname = current_schema() AND tablename <> 'alembic_version'
"""
OWNED = """
    SELECT count(*) FROM pg_shdepend
    WHERE refclassid = 'pg_authid'::regclass AND refobjid = current_user::regrole AND deptype = 'o'
"""


def ran(url: str, *statements: str) -> object:
    """Run statements in a transaction, and give the value that the last one has."""

    async def run() -> object:
        engine = create_async_engine(url, poolclass=NullPool)
        async with engine.begin() as connection:
            results = [await connection.exec_driver_sql(statement) for statement in statements]
            return results[-1].scalar() if results[-1].returns_rows else None

    return asyncio.run(run())


@pytest.fixture(scope="module")
def url(server: Postgres) -> str:
    """A database of its own, for its owner."""
    create_database(server.database("postgres"), "rights")
    url = server.database("rights")
    migrate_all(url)
    return url


@pytest.fixture(scope="module")
def table(url: str) -> str:
    """Any table of the services."""
    names: list[str] = ran(url, NAMES)  # type: ignore[assignment]
    return names[0]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE more (id integer)",
        "CREATE TEMPORARY TABLE more (id integer)",
        "CREATE SCHEMA more",
        "CREATE ROLE more",
        "CREATE INDEX more ON {table} (id)",
        "ALTER TABLE {table} ADD COLUMN more integer",
        "ALTER TABLE {table} DISABLE TRIGGER ALL",
        "DROP TABLE {table} CASCADE",
        "TRUNCATE {table} CASCADE",
        "COPY {table} TO PROGRAM 'true'",
        "SELECT pg_read_file('postgresql.conf')",
        "SELECT rolpassword FROM pg_authid",
        "SELECT version_num FROM alembic_version",
        "DELETE FROM alembic_version",
        "ALTER ROLE {role} SUPERUSER",
        "SET ROLE {owner}",
    ],
)
def test_a_service_may_not(statement: str, url: str, table: str) -> None:
    owner = make_url(url).username
    with pytest.raises(DBAPIError) as refused:
        ran(service_url(url), statement.format(table=table, role=ROLE, owner=owner))

    assert getattr(refused.value.orig, "sqlstate", None) == INSUFFICIENT_PRIVILEGE


def test_a_service_owns_nothing(url: str) -> None:
    assert ran(service_url(url), OWNED) == 0


def test_it_uses_what_later_migrations_make(url: str) -> None:
    ran(url, "CREATE TABLE later (id serial, name text)", "SELECT 1")

    statements = ["INSERT INTO later (name) VALUES ('a')", "UPDATE later SET name = 'b'"]
    assert ran(service_url(url), *statements, "SELECT name FROM later") == "b"
    assert ran(service_url(url), "DELETE FROM later", "SELECT count(*) FROM later") == 0


def test_another_upgrade_changes_nothing(url: str) -> None:
    rights = "SELECT string_agg(relname || relacl::text, ' ' ORDER BY relname) FROM pg_class"
    before = ran(url, rights)
    migrate_all(url)

    assert ran(url, rights) == before


def test_an_owner_needs_no_rights_over_all_of_postgresql(table: str, server: Postgres) -> None:
    create_database(server.database("postgres"), "narrow")
    all_of_it = server.database("narrow")
    made = "CREATE ROLE narrow_owner LOGIN CREATEROLE PASSWORD 'narrow'"
    ran(all_of_it, made, "ALTER DATABASE narrow OWNER TO narrow_owner")
    owner = make_url(all_of_it).set(username="narrow_owner", password="narrow")  # noqa: S106
    narrow = owner.render_as_string(hide_password=False)
    migrate_all(narrow)

    names: list[str] = ran(narrow, NAMES)  # type: ignore[assignment]
    assert table in names
    assert ran(service_url(narrow), OWNED) == 0


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("ALTER TABLE {table} OWNER TO {role}", "owns tables"),
        ("ALTER ROLE {role} CREATEDB", "has rights over all of PostgreSQL"),
    ],
)
def test_a_role_that_may_do_more_is_refused(
    statement: str, told: str, url: str, table: str
) -> None:
    ran(url, statement.format(table=table, role=ROLE))
    try:
        with pytest.raises(SystemExit, match=f"the role {ROLE}, .* {told}"):
            migrate_all(url)
    finally:
        ran(url, f"REASSIGN OWNED BY {ROLE} TO CURRENT_USER", f"ALTER ROLE {ROLE} NOCREATEDB")
