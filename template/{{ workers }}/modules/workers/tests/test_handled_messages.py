"""Writes that come twice, over a connection that answers what it is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import pytest
from fastapi import FastAPI, Request, Response
from httpx2 import ASGITransport, AsyncClient
from sqlalchemy.dialects.postgresql.base import PGDialect
from starlette.middleware import Middleware

from chassis.body_limit import BodyLimit
from chassis.database import Change, Database
from chassis.problems import Conflict, Unavailable
from chassis_workers.data.handled_messages import store
from chassis_workers.data.handled_messages.middleware import HandledOnce
from chassis_workers.data.handled_messages.store import HandledMessages, Write
from chassis_workers.once import HEADER

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

BED = UUID(int=7)
ADDED = Change("add", "beds", BED, {"size": 2}, {"id": BED, "size": 2})
REMOVED = Change("remove", "beds", BED, {}, {})
KEY = {HEADER: "garden.water/m1/1"}
EMPTY = Write.of(KEY[HEADER], "POST /beds", b"", b"")
DIALECT = PGDialect(paramstyle="named")  # type: ignore[no-untyped-call]


class Table:
    """The table of keys, as statements of the store see it."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], tuple[bytes, int, str]] = {}
        self.old = 0
        """How many keys are old enough to be forgotten."""
        self.failures: list[Exception] = []
        self.statements: list[str] = []
        self.away = False

    async def execute(self, statement: Any) -> Any:
        compiled = statement.compile(dialect=DIALECT)
        self.statements.append(str(compiled))
        if statement.is_insert:
            values = compiled.params
            key = (values["key"], values["request"])
            new = key not in self.rows
            if new:
                self.rows[key] = (values["digest"], values["status"], values["stored"])
            return Result(int(new), None)
        if statement.is_delete:
            if self.failures:
                raise self.failures.pop(0)
            forgotten = min(self.old, store.BATCH)
            self.old -= forgotten
            return Result(forgotten, None)
        key = (compiled.params["key_1"], compiled.params["request_1"])
        return Result(0, self.rows.get(key))

    @asynccontextmanager
    async def connect(self) -> AsyncIterator["Table"]:
        if self.away:
            raise Unavailable("The database does not answer.")
        yield self

    begin = connect


class Result:
    def __init__(self, rowcount: int, row: tuple[bytes, int, str] | None) -> None:
        self.rowcount = rowcount
        self.row = row

    def first(self) -> tuple[bytes, int, str] | None:
        return self.row


class Beds:
    """The routes of a data service; each notes how often it has run."""

    def __init__(self, handled: HandledMessages, table: Table) -> None:
        self.handled = handled
        self.table = table
        self.runs = 0
        self.change = ADDED
        self.refusal: int | None = None
        self.away_afterwards = False
        self.bodies: list[bytes] = []
        self.meanwhile: dict[tuple[str, str], tuple[bytes, int, str]] = {}
        """What another attempt stores meanwhile."""

    async def write(self, request: Request) -> Response:
        self.runs += 1
        self.bodies.append(await request.body())
        self.table.rows |= self.meanwhile
        self.table.away = self.away_afterwards
        if self.refusal:
            return Response(status_code=self.refusal)
        try:
            await self.handled.record(cast("AsyncConnection", self.table), self.change)
        except Conflict:
            return Response(status_code=409)
        return Response(b'{"first":true}', 201, media_type="application/json")


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
def handled(table: Table) -> HandledMessages:
    return HandledMessages(cast("Database", table))


@pytest.fixture
def beds(handled: HandledMessages, table: Table) -> Beds:
    return Beds(handled, table)


@pytest.fixture
async def http(beds: Beds, handled: HandledMessages) -> AsyncIterator[AsyncClient]:
    app = FastAPI(middleware=[Middleware(HandledOnce, handled=handled)])
    for path in ("/beds", "/paths"):
        app.add_route(path, beds.write, methods=["GET", "POST", "DELETE"])
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://data") as client:
        yield client


async def test_a_write_is_made_once_and_answered_twice(http: AsyncClient, beds: Beds) -> None:
    first = await http.post("/beds", headers=KEY)
    second = await http.post("/beds", headers=KEY)

    assert first.json() == {"first": True}
    assert (second.status_code, second.json()) == (201, {"id": str(BED), "size": 2})
    assert second.headers["Message-Replayed"] == "true"
    assert beds.runs == 1


async def test_what_was_removed_is_removed_once(http: AsyncClient, beds: Beds) -> None:
    beds.change = REMOVED
    await http.delete("/beds", headers=KEY)

    again = await http.delete("/beds", headers=KEY)

    assert (again.status_code, again.content, beds.runs) == (204, b"", 1)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        pytest.param("/beds", {HEADER: "garden.water/m1/2"}, id="another key"),
        pytest.param("/paths", KEY, id="another path"),
        pytest.param("/beds", {}, id="no key"),
    ],
)
async def test_another_write_is_another_write(
    http: AsyncClient, beds: Beds, path: str, headers: dict[str, str]
) -> None:
    await http.post("/beds", headers=KEY)

    await http.post(path, headers=headers)

    assert beds.runs == 2


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param("/beds", b'{"size":3}', id="another body"),
        pytest.param("/beds", b"", id="no body"),
        pytest.param("/beds?dry=true", b'{"size":2}', id="another query"),
    ],
)
async def test_another_write_under_the_same_key_is_refused(
    http: AsyncClient, beds: Beds, path: str, body: bytes
) -> None:
    await http.post("/beds", headers=KEY, content=b'{"size":2}')

    answer = await http.post(path, headers=KEY, content=body)

    assert answer.status_code == 409
    assert answer.json()["errors"] == [{"field": HEADER, "detail": "Belongs to another write."}]
    assert beds.bodies == [b'{"size":2}']


async def test_another_write_that_another_attempt_made_meanwhile_is_refused(
    http: AsyncClient, table: Table, beds: Beds
) -> None:
    beds.meanwhile = {("garden.water/m1/1", "POST /beds"): (b"other", 201, "{}")}

    answer = await http.post("/beds", headers=KEY)

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (409, HEADER)
    assert table.rows == beds.meanwhile


async def test_a_body_that_is_too_large_is_refused(beds: Beds, handled: HandledMessages) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"large"

    middleware = [Middleware(BodyLimit, max_bytes=9), Middleware(HandledOnce, handled=handled)]
    app = FastAPI(middleware=middleware)
    app.add_route("/beds", beds.write, methods=["POST"])
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://data") as client:
        answer = await client.post("/beds", headers=KEY, content=chunks())

    assert answer.status_code == 413
    assert beds.bodies == []


async def test_who_is_gone_gets_no_answer(beds: Beds, handled: HandledMessages) -> None:
    sent: list[Any] = []

    async def gone() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    name, value = HEADER.lower().encode(), KEY[HEADER].encode()
    scope = {"type": "http", "method": "POST", "path": "/beds", "headers": [(name, value)]}
    await HandledOnce(FastAPI(), handled)(scope, gone, send)

    assert sent == []


async def test_reading_needs_no_key(http: AsyncClient, table: Table) -> None:
    await http.get("/beds", headers=KEY)

    assert table.rows == {}


async def test_a_write_that_another_attempt_made_meanwhile_is_answered_with_its_record(
    http: AsyncClient, beds: Beds
) -> None:
    made = (EMPTY.digest, 201, '{"id":"1"}')
    beds.meanwhile = {("garden.water/m1/1", "POST /beds"): made}

    answer = await http.post("/beds", headers=KEY)

    assert (answer.status_code, answer.json()) == (201, {"id": "1"})
    assert beds.runs == 1


@pytest.mark.parametrize("status", [404, 409, 422, 500])
async def test_a_refusal_stands_when_nothing_was_written(
    http: AsyncClient, beds: Beds, status: int
) -> None:
    beds.refusal = status

    assert (await http.post("/beds", headers=KEY)).status_code == status


async def test_a_refusal_stands_when_nobody_knows(http: AsyncClient, beds: Beds) -> None:
    beds.refusal = 409
    beds.away_afterwards = True

    assert (await http.post("/beds", headers=KEY)).status_code == 409


async def test_without_its_database_nothing_is_written(
    http: AsyncClient, beds: Beds, table: Table
) -> None:
    table.away = True

    answer = await http.post("/beds", headers=KEY)

    assert answer.status_code == 503
    assert answer.json()["detail"] == "The database does not answer."
    assert beds.runs == 0


@pytest.mark.parametrize("key", ["", "a b", "é", "x" * 256])
async def test_a_key_that_is_none_is_refused(http: AsyncClient, beds: Beds, key: str) -> None:
    answer = await http.post("/beds", headers={HEADER.encode(): key.encode("latin-1")})

    assert answer.status_code == 400
    assert beds.runs == 0


async def test_two_records_in_one_transaction_need_one_key(
    handled: HandledMessages, table: Table
) -> None:
    with handled.writing(EMPTY):
        for _ in range(2):
            await handled.record(cast("AsyncConnection", table), ADDED)

    assert len(table.rows) == 1


async def test_old_keys_are_forgotten_some_at_a_time(
    handled: HandledMessages, table: Table
) -> None:
    table.old = 2 * store.BATCH + 1

    await handled.clean()

    assert table.old == 0
    assert len(table.statements) == 3
    assert table.statements[0].startswith("DELETE FROM handled_messages WHERE")
    assert "FOR UPDATE SKIP LOCKED" in table.statements[0]


async def test_keys_are_forgotten_from_time_to_time_whatever_goes_wrong(
    handled: HandledMessages,
    table: Table,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(store, "FIRST_CLEANING_S", 0)
    monkeypatch.setattr(store, "CLEANING_INTERVAL_S", 0)
    table.failures = [Unavailable("The database does not answer."), ZeroDivisionError("a bug")]

    async with handled.cleaning():
        while len(table.statements) < 4:  # noqa: ASYNC110
            await asyncio.sleep(0)

    told = [record for record in caplog.records if record.name == store.__name__]
    assert [record.message for record in told] == [
        "Old keys of messages stay for now: The database does not answer.",
        "Old keys of messages stay for now: a bug",
    ]
    assert [bool(record.exc_info) for record in told] == [False, True]
