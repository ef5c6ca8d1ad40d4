"""No filter and no sort of a list reads the whole of a large table, and nothing else that is asked."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient, Response
from sqlalchemy import (
    ARRAY,
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Integer,
    LargeBinary,
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
from tests.integration.collections import PREFIX, Collection, collections
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


def large() -> Iterator[Table]:
    """Find the other tables that may grow: of collections that are no table, of what is done later."""
    known = {one.table.name for one in kept()}
    for service in (one for one in system().services if one.in_database):
        tables = import_module(f"{package(service)}.models").Base.metadata.tables
        yield from (
            table
            for table in tables.values()
            if table.name not in known and not table.info.get("small")
        )


def _facts(schema: Mapping[str, Any], described: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if reference := schema.get("$ref"):
        schema = described["components"]["schemas"][reference.rpartition("/")[2]]
    yield from schema.items()
    for choice in schema.get("anyOf", []):
        yield from _facts(choice, described)


def filling(table: Table, one: Kept | None = None) -> str:
    """Write the statement that fills a table."""
    columns = [column for column in table.columns if not (column.computed or column.identity)]
    filled = {f'"{column.name}"': value for column in columns if (value := _value(one, column))}
    names, values = ", ".join(filled), ", ".join(filled.values())
    rows = f"generate_series(1, {ROWS}) AS n ON CONFLICT DO NOTHING"
    return f'INSERT INTO "{table.name}" ({names}) SELECT {values} FROM {rows}'  # noqa: S608


def _value(one: Kept | None, column: Column[Any]) -> str:
    value = (one and _by_facts(one, column)) or _by_type(column)
    if value and column.nullable:
        # Others than in the next column: what waits has no end yet, but all else.
        place = list(column.table.columns).index(column)
        value = f"CASE WHEN (n + {place}) % {WITHOUT_VALUE} > 0 THEN {value} END"
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
        ((JSON, ARRAY), "'{}'"),
        (LargeBinary, "'x'"),
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


NO_TRIGGERS = "SET session_replication_role = replica"


@pytest.fixture(scope="module")
def url(server: Postgres) -> str:
    """A database of its own, with tables that take anything, and are full of it."""
    create_database(server.database("postgres"), "scans")
    url = server.database("scans")
    migrate_all(url)
    asyncio.run(fill(url))
    return url


async def fill(url: str) -> None:
    """Fill every table that may grow."""
    fillings = [*(filling(one.table, one) for one in kept()), *map(filling, large())]
    async with connected(url) as connection:
        for statement in (FREE, NO_TRIGGERS, *fillings, "ANALYZE"):
            await connection.exec_driver_sql(statement)
        await connection.commit()


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[AsyncConnection]:
    """Connect as the owner of the tables."""
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        await engine.dispose()


async def test_no_list_reads_a_whole_table(url: str) -> None:
    async with connected(url) as connection:
        slow = [
            f"{one.collection.path}?{'&'.join(f'{key}={value}' for key, value in query.items())}"
            f" reads {read} rows for a page: it needs an index; see docs/database.md"
            for one in kept()
            async for query, read in reads(one, connection, url)
            if read > READ_AT_MOST
        ]

    assert not slow, "\n".join(slow)


async def test_nothing_else_reads_a_whole_table(url: str) -> None:
    """Counts, sums, and what workers ask for again and again."""
    slow = [
        f"{service.name}: GET {path} reads {read} rows: it needs an index; see docs/database.md"
        for service in (one for one in system().services if one.in_database)
        async for path, read in asked(service, url)
        if read > READ_AT_MOST
    ]

    assert not slow, "\n".join(slow)


async def asked(service: Service, url: str) -> AsyncIterator[tuple[str, int]]:
    """Ask for all that can be asked for, and give how many rows were read for each."""
    described = document(service.name)
    async with asking(service, url) as ask:
        for path, methods in described["paths"].items():
            if "get" not in methods or not path.startswith(PREFIX):
                continue
            needed = [one for one in methods["get"].get("parameters", []) if one.get("required")]
            given = {one["name"]: _given(_facts(one["schema"], described)) for one in needed}
            named = {one["name"] for one in needed if one["in"] == "path"}
            query = {name: value for name, value in given.items() if name not in named}
            _, read = await ask(path.format(**given), query)
            yield path, read


def _given(facts: Iterator[tuple[str, Any]]) -> str:
    match dict(facts):
        case {"enum": [*_, last]}:
            return str(last)
        case {"format": "uuid"}:
            return str(uuid4())
        case {"format": "date"}:
            return datetime.now(UTC).date().isoformat()
        case {"format": "date-time"}:
            return datetime.now(UTC).isoformat()
        case {"type": "integer" | "number"} as number:
            return str(number.get("minimum", 1))
    return "x"


async def reads(
    one: Kept, connection: AsyncConnection, url: str
) -> AsyncIterator[tuple[dict[str, str], int]]:
    """Ask for lists, and give how many rows were read for each."""
    async with asking(one.service, url) as ask:
        async for query in queries(one, connection):
            answer, read = await ask(one.collection.path, query)
            assert answer.status_code == 200, f"{query}: {answer.text}"
            yield query, read


type Ask = Callable[[str, Mapping[str, str]], Awaitable[tuple[Response, int]]]


@asynccontextmanager
async def asking(service: Service, url: str) -> AsyncIterator[Ask]:
    """Give what asks a service, and says how many rows were read for the answer."""
    app = application(service, environment(service, url))
    sent: list[tuple[str, Any]] = []

    def note(_: object, __: object, statement: str, values: Any, *___: object) -> None:
        sent.append((statement, values))

    event.listen(app.state.database.engine.sync_engine, "before_cursor_execute", note)
    http = AsyncClient(transport=ASGITransport(app=app), base_url="http://tests")

    async def ask(path: str, query: Mapping[str, str]) -> tuple[Response, int]:
        sent.clear()
        answer = await http.get(path, params=query)
        return answer, max([await read(app, *statement) for statement in tuple(sent)], default=0)

    try:
        async with http:
            yield ask
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
