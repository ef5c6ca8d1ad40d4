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
from chassis_mongodb.telling.store import Tell, Untold
from chassis_mongodb.telling.teller import Teller


class Plot(VersionedRecord, Base):
    __tablename__ = "plots"
    metadata = sa.MetaData()  # a project may have such a table, too

    name: Mapped[str]


class Rows:
    """A connection that takes note of what is inserted."""

    def __init__(self) -> None:
        self.inserted: list[dict[str, Any]] = []

    async def execute(self, _statement: object, values: dict[str, Any]) -> None:
        self.inserted.append(values)


class Documents:
    """A document service that answers with these, one after the other, and then takes all."""

    def __init__(self, *answers: int | Exception) -> None:
        self._answers = list(answers)
        self.told: list[tuple[str, dict[str, Any]]] = []

    async def put(self, url: str, *, json_body: bytes) -> Reply:
        answer = self._answers.pop(0) if self._answers else 201
        if isinstance(answer, Exception):
            raise answer
        self.told.append((url, json.loads(json_body)))
        return Reply(answer, b"{}", "PUT")


class Memory:
    """Activities that wait in memory."""

    def __init__(self, *waiting: UUID) -> None:
        self.waiting = list(waiting)

    async def tell(self, tell: Tell) -> int:
        told = 0
        while self.waiting:
            await tell(self.waiting[0], b'{"type": "plots.created", "data": {"name": "A"}}')
            self.waiting.pop(0)
            told += 1
        return told


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

    urls = [url for url, _ in documents.told]
    assert urls == [f"http://documents/api/v1/activities/{one}" for one in ids]


async def test_a_write_wakes_it_at_once() -> None:
    documents, source = Documents(), Memory()
    told = teller_of(source, documents)
    async with told.running():
        await asyncio.sleep(0.05)
        source.waiting.append(uuid4())
        told.wake()
        await until(lambda: len(documents.told) == 1)


@pytest.mark.parametrize("answer", [Unavailable("away"), 503, 500, OSError()], ids=str)
async def test_an_outage_is_outlived(
    answer: int | Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teller, "FIRST_PAUSE_S", 0.01)
    documents, source = Documents(answer, answer), Memory(uuid4())

    async with teller_of(source, documents).running():
        await until(lambda: not source.waiting)


async def test_what_is_refused_is_told_without_its_data() -> None:
    documents, source = Documents(422), Memory(uuid4(), uuid4())

    async with teller_of(source, documents).running():
        await until(lambda: not source.waiting)

    assert [body["data"] for _, body in documents.told] == [{"name": "A"}, None, {"name": "A"}]


async def test_something_else_under_its_id_holds_up_nothing() -> None:
    documents, source = Documents(409), Memory(uuid4(), uuid4())

    async with teller_of(source, documents).running():
        await until(lambda: not source.waiting)

    assert len(documents.told) == 2
