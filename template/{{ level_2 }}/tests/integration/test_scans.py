"""No filter and no sort of a list reads the whole of a large table."""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Integer,
    Numeric,
    String,
    Table,
    Uuid,
    event,
    text,
)
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from tools.dev.system import Service

from chassis.database.listing import Order
from tests.integration.collections import Collection, collections
from tests.integration.postgres import Postgres
from tests.integration.system import (
    application,
    create_database,
    document,
    environment,
    migrate_all,
    package,
    system,
)

ROWS = 20_000
READ_AT_MOST = ROWS // 10
RARE = 2000  # one of so many rows has the value that is looked for
WITHOUT_VALUE = 3
DIALECT = PGDialect()  # type: ignore[no-untyped-call]
OTHERS = {"limit", "cursor", "sort"}


@dataclass(frozen=True)
class Kept:
    """A collection of a data service, and the table where it is kept."""

    service: Service
    collection: Collection
    table: Table

    @property
    def parameters(self) -> dict[str, Any]:
        """Give the schemas of what a list can be asked for."""
        return {one["name"]: one["schema"] for one in self.collection.list.get("parameters", [])}

    def facts(self, name: str) -> dict[str, Any]:
        """Give what the document says of the values of a parameter, or of a column's bound."""
        schema = self.parameters.get(name) or self.parameters.get(f"{name}_min") or {}
        return dict(_facts(schema, document(self.service.name)))


def kept() -> Iterator[Kept]:
    """Find the collections of records; a table that stays small says so."""
    for service in (one for one in system().services if one.in_database):
        tables = import_module(f"{package(service)}.models").Base.metadata.tables
        for collection in collections(document(service.name)):
            table = tables.get(collection.name.replace("-", "_"))
            if table is None or not {"created_at", "version"} <= set(table.columns.keys()):
                continue
            if not table.info.get("small"):
                yield Kept(service, collection, table)


def _facts(schema: Mapping[str, Any], described: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if reference := schema.get("$ref"):
        schema = described["components"]["schemas"][reference.rpartition("/")[2]]
    yield from schema.items()
    for choice in schema.get("anyOf", []):
        yield from _facts(choice, described)


def filling(one: Kept) -> str:
    """Write the statement that fills a table."""
    columns = [column for column in one.table.columns if not column.computed]
    filled = {f'"{column.name}"': value for column in columns if (value := _value(one, column))}
    names, values = ", ".join(filled), ", ".join(filled.values())
    rows = f"generate_series(1, {ROWS}) AS n ON CONFLICT DO NOTHING"
    return f'INSERT INTO "{one.table.name}" ({names}) SELECT {values} FROM {rows}'  # noqa: S608


def _value(one: Kept, column: Column[Any]) -> str:
    value = _by_facts(one, column) or _by_type(column)
    if value and column.nullable:
        value = f"CASE WHEN n % {WITHOUT_VALUE} > 0 THEN {value} END"
    return value and f"CAST({value} AS {column.type.compile(DIALECT)})"


def _by_facts(one: Kept, column: Column[Any]) -> str:
    """Write a value that a filter takes."""
    match one.facts(column.name), column.type:
        case {"enum": [usual, *_, rare]}, _:
            return f"CASE WHEN n % {RARE} = 1 THEN '{rare}' ELSE '{usual}' END"
        case {"format": "email"}, _:
            return "'somebody' || n || '@example.com'"
        case {"minimum": least, "maximum": most}, Integer():
            return f"{least} + n % {most - least + 1}"
        case facts, Numeric():
            return _within(facts, column)
    return ""


def _within(facts: Mapping[str, Any], column: Column[Any]) -> str:
    """Write numbers from a bound to the other, or from the only one there is."""
    match facts:
        case {"minimum": least, "maximum": most}:
            return f"{least} + ({most} - {least}) * n / {ROWS}"
        case {"minimum": least}:
            return f"{least} + {_steps(column, least)}"
        case {"maximum": most}:
            return f"{most} - {_steps(column, most)}"
    return ""


def _by_type(column: Column[Any]) -> str:
    """Write any value that a column takes."""
    match column.type:
        case String(length=int(length)):
            return f"left(md5(n::text), {length})"
        case Numeric():
            return _steps(column)
    simple = (
        (Boolean, f"n % {RARE} = 1"),
        (String, "md5(n::text)"),
        (Integer, "n"),
        (Uuid, "gen_random_uuid()"),
        (Date, "DATE '2000-01-01' + n"),
        (DateTime, "now() - n * INTERVAL '1 hour'"),
        (JSON, "'{}'"),
    )
    return next((value for kind, value in simple if isinstance(column.type, kind)), "")


def _steps(column: Column[Any], bound: float = 0) -> str:
    """Write numbers as far from a bound as the digits of a column allow."""
    match column.type:
        case Numeric(precision=int(precision), scale=int(scale)):
            wide = abs(bound) + ROWS < 10 ** (precision - scale)
            return "n" if wide else f"n::numeric / {ROWS + 1}"
    return "n"


FREE = """
    DO $$
    DECLARE known record;
    BEGIN
        FOR known IN SELECT conrelid::regclass AS relation, conname FROM pg_constraint
            WHERE contype IN ('f', 'c') AND connamespace = current_schema()::regnamespace
        LOOP
            EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', known.relation, known.conname);
        END LOOP;
    END $$
"""


@pytest.fixture(scope="module")
def url(server: Postgres) -> str:
    """A database of its own."""
    create_database(server.database("postgres"), "scans")
    url = server.database("scans")
    migrate_all(url)
    return url


@pytest.fixture
async def connection(url: str) -> AsyncIterator[AsyncConnection]:
    """The owner of tables that take anything, and are full of it."""
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            for statement in (FREE, *map(filling, kept()), "ANALYZE"):
                await connection.exec_driver_sql(statement)
            await connection.commit()
            yield connection
    finally:
        await engine.dispose()


async def test_no_list_reads_a_whole_table(connection: AsyncConnection, url: str) -> None:
    slow = [
        f"{one.collection.path}?{'&'.join(f'{key}={value}' for key, value in query.items())}"
        f" reads {read} rows for a page: it needs an index; see docs/database.md"
        for one in kept()
        async for query, read in reads(one, connection, url)
        if read > READ_AT_MOST
    ]

    assert not slow, "\n".join(slow)


async def reads(
    one: Kept, connection: AsyncConnection, url: str
) -> AsyncIterator[tuple[dict[str, str], int]]:
    """Ask for lists, and give how many rows were read for each."""
    app = application(one.service, environment(one.service, url))
    asked: list[tuple[str, Any]] = []

    def note(_: object, __: object, statement: str, values: Any, *___: object) -> None:
        asked.append((statement, values))

    event.listen(app.state.database.engine.sync_engine, "before_cursor_execute", note)
    try:
        async with AsyncClient(transport=ASGITransport(app=app), base_url="http://tests") as http:
            async for query in queries(one, connection):
                asked.clear()
                answer = await http.get(one.collection.path, params=query)
                assert answer.status_code == 200, f"{query}: {answer.text}"
                yield query, max([await read(app, *sent) for sent in tuple(asked)])
    finally:
        await app.state.database.close()


async def queries(one: Kept, connection: AsyncConnection) -> AsyncIterator[dict[str, str]]:
    """Give every sort, from the beginning and from any place, and every filter."""
    yield {}
    for sort in one.facts("sort").get("enum", []):
        yield {"sort": sort}
        column = sort.removeprefix("-")
        for known in ("IS NOT NULL", "IS NULL"):
            anywhere = await connection.exec_driver_sql(
                f'SELECT id, "{column}" FROM "{one.table.name}"'  # noqa: S608
                f' WHERE "{column}" {known} ORDER BY id LIMIT 1'
            )
            for found in anywhere.mappings():
                yield {
                    "sort": sort,
                    "cursor": Order(one.table, sort).cursor(found["id"], found[column]),
                }
    for name in one.parameters.keys() - OTHERS:
        rare = await connection.scalar(text(rarest(one.table, name)))
        yield {name: _as_text(rare)}


def _as_text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value).lower() if isinstance(value, bool) else str(value)


def rarest(table: Table, parameter: str) -> str:
    """Ask for the value of a filter that fewest records have, or are within."""
    bound = parameter not in table.columns and parameter[-4:]
    name = f'"{parameter.removesuffix(bound or "")}"'
    order = {"_min": f"{name} DESC", "_max": name}.get(bound or "", f"count(*), {name}")
    return (
        f'SELECT {name} FROM "{table.name}" WHERE {name} IS NOT NULL'  # noqa: S608
        f" GROUP BY {name} ORDER BY {order} LIMIT 1"
    )


async def read(app: FastAPI, statement: str, values: Any) -> int:
    """Run a statement as the service does; give the most rows that a step of it looked at."""
    explain = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}"
    async with app.state.database.connect() as connection:
        (plan,) = (await connection.exec_driver_sql(explain, values)).scalar_one()
    return max(_read(plan["Plan"]))


def _read(node: Mapping[str, Any]) -> Iterator[int]:
    keys = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
    yield int(sum(node.get(key, 0) for key in keys) * node.get("Actual Loops", 1))
    for inner in node.get("Plans", []):
        yield from _read(inner)
