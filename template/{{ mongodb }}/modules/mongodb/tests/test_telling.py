"""What happens to records is told to the document service, whatever happens meanwhile."""

import asyncio
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from chassis.database.engine import Change
from chassis.database.models import Base, VersionedRecord
from chassis.http_client import Reply
from chassis.problems import Unavailable
from chassis_mongodb.activities import ActivityNew
from chassis_mongodb.telling import teller
from chassis_mongodb.telling.delivery import Delivery
from chassis_mongodb.telling.store import Refusal, Tell, Untold, Waiting
from chassis_mongodb.telling.teller import Teller


class Plot(VersionedRecord, Base):
    __tablename__ = "plots"
    metadata = sa.MetaData()  # a project may have such a table, too

    name: Mapped[str]


BODY = f'{{"type": "plots.created", "subject": "{UUID(int=7)}", "data": {{"name": "A"}}}}'


class Rows:
    """A connection that takes note of what is inserted."""

    def __init__(self) -> None:
        self.inserted: list[dict[str, Any]] = []

    async def execute(self, _statement: object, values: dict[str, Any]) -> None:
        self.inserted.append(values)


class Documents:
    """A document service that answers with these, one after the other, and then takes all.

    What is refused by its id is refused whenever it is told.
    """

    def __init__(self, *answers: int | Exception, refused: dict[UUID, int] | None = None) -> None:
        self._answers = list(answers)
        self._refused = refused or {}
        self.told: list[tuple[UUID, Any]] = []

    async def put(self, url: str, *, json_body: bytes | None = None) -> Reply:
        activity = UUID(url.removeprefix("http://documents/api/v1/activities/"))
        answer = self._answers.pop(0) if self._answers else self._refused.get(activity, 201)
        if isinstance(answer, Exception):
            raise answer
        self.told.append((activity, json_body and json.loads(json_body)))
        return Reply(answer, PROBLEM if answer >= 400 else b"{}", "PUT")


PROBLEM = b'{"detail": "Not like this.", "errors": [{"field": "type", "detail": "secret"}]}'


class Refusing:
    """A document service that refuses all, with no reason that can be read."""

    def __init__(self, status: int) -> None:
        self._status = status

    async def put(self, _url: str, *, json_body: bytes | None = None) -> Reply:
        del json_body
        return Reply(self._status, b"no problem", "PUT")


class Memory:
    """Activities that wait in memory."""

    def __init__(self, *waiting: UUID, body: str = BODY) -> None:
        self.waiting = [Waiting(place, one, body) for place, one in enumerate(waiting)]
        self.refused: list[Refusal] = []

    async def tell(self, tell: Tell) -> int:
        found = tuple(self.waiting)
        told = await tell(found)
        self.refused += told.refused
        gone = [*told.done, *(one.activity for one in told.refused)]
        self.waiting = [one for one in self.waiting if one not in gone]
        if told.hindrance:
            raise told.hindrance
        return len(found)


URL = "http://documents/api/v1/activities"


def teller_of(source: Any, documents: Any) -> Teller:
    return Teller(source, documents, "http://documents")


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


@pytest.mark.parametrize(
    ("kind", "happened"), [("add", "created"), ("change", "updated"), ("remove", "deleted")]
)
async def test_a_write_is_stored_as_an_activity(kind: Any, happened: str) -> None:
    database: Any = None
    rows: Any = Rows()
    untold, woken = Untold(database), []
    untold.observers.append(lambda: woken.append(True))
    stored = {} if kind == "remove" else {"id": uuid4(), "name": "A"}

    await untold.record(rows, Change(kind, "plots", uuid4(), {}, stored))

    (row,) = rows.inserted
    activity = ActivityNew.model_validate_json(row["body"])
    assert activity.type == f"plots.{happened}"
    assert activity.data == ({"id": str(stored["id"]), "name": "A"} if stored else None)
    assert woken == [True]


async def test_what_is_no_record_is_passed_over() -> None:
    database: Any = None
    connection: Any = Rows()
    await Untold(database).record(connection, Change("add", "weather", uuid4(), {}, {}))

    assert connection.inserted == []


async def test_what_waits_is_told_in_order() -> None:
    ids, documents = [uuid4(), uuid4()], Documents()
    source = Memory(*ids)

    async with teller_of(source, documents).running():
        await until(lambda: not source.waiting)

    assert [one for one, _ in documents.told] == ids


async def test_a_write_wakes_it_at_once() -> None:
    documents, source = Documents(), Memory()
    told = teller_of(source, documents)
    async with told.running():
        await asyncio.sleep(0.05)
        source.waiting.append(Waiting(1, uuid4(), BODY))
        told.wake()
        await until(lambda: len(documents.told) == 1)


@pytest.mark.parametrize(
    "answer", [Unavailable("away"), OSError(), 429, 500, 503, 401, 404], ids=str
)
async def test_an_outage_is_outlived_and_refuses_nothing(
    answer: int | Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teller, "FIRST_PAUSE_S", 0.01)
    ids = [uuid4(), uuid4()]
    documents, source = Documents(*[answer] * 4), Memory(*ids)

    async with teller_of(source, documents).running():
        await until(lambda: not source.waiting)

    assert [one for one, _ in documents.told][-2:] == ids
    assert not source.refused


async def test_what_was_told_before_an_outage_is_not_told_again() -> None:
    source = Memory(uuid4(), uuid4())
    told = await Delivery(Documents(201, OSError("gone")), URL)(source.waiting)

    assert (told.done, told.refused, str(told.hindrance)) == ([source.waiting[0]], [], "gone")


async def test_what_is_refused_is_told_without_its_data() -> None:
    documents, source = Documents(422), Memory(uuid4(), uuid4())

    async with teller_of(source, documents).running():
        await until(lambda: not source.waiting)

    assert [body["data"] for _, body in documents.told] == [{"name": "A"}, None, {"name": "A"}]


@pytest.mark.parametrize("status", [400, 409, 413, 422])
async def test_what_is_refused_is_put_aside_and_named_and_the_others_go_on(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    one, refused, other = ids = [uuid4(), uuid4(), uuid4()]
    documents, source = Documents(refused={refused: status}), Memory(*ids)

    async with teller_of(source, documents).running():
        await until(lambda: not source.waiting)

    assert [told for told, _ in documents.told if told != refused] == [one, other]
    (refusal,) = source.refused
    assert refusal.reason == f"{status}: Not like this. (type)"
    named = f"plots.created {refused} of {UUID(int=7)} ({len(BODY)} bytes)"
    assert str(refusal.activity) == named
    assert f"refuses {named}, which is put aside: {refusal.reason}" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize("body", ["garbage", "[1]", "{}", "", '{"data": 1}'])
async def test_what_is_no_activity_at_all_is_put_aside(body: str) -> None:
    source = Memory(uuid4(), body=body)
    told = await Delivery(Refusing(422), URL)(source.waiting)

    assert [one.activity for one in told.refused] == source.waiting
    assert (told.done, told.hindrance) == ([], None)
    assert str(source.waiting[0].id) in str(source.waiting[0])


@pytest.mark.parametrize("status", [500, 403, 418])
async def test_what_fails_while_others_are_taken_is_put_aside_after_a_second_try(
    status: int,
) -> None:
    failing, other = uuid4(), uuid4()
    documents, source = Documents(refused={failing: status}), Memory(failing, other)

    async with teller_of(source, documents).running():
        await until(lambda: not source.waiting)

    assert [one for one, _ in documents.told] == [failing, other, failing]
    assert [one.activity.id for one in source.refused] == [failing]


async def test_what_fails_once_is_told_after_the_others() -> None:
    documents, source = Documents(500), Memory(uuid4(), uuid4())

    async with teller_of(source, documents).running():
        await until(lambda: not source.waiting)

    assert len(documents.told) == 3
    assert not source.refused
