"""Documents over a server: stored once, and given back as they were."""

import asyncio
import datetime as dt
from base64 import b64encode
from collections.abc import AsyncIterator
from decimal import Decimal
from json import dumps
from typing import Any
from uuid import UUID, uuid4

import pytest
from bson import ObjectId
from pydantic import AwareDatetime, BaseModel
from pymongo.errors import (
    AutoReconnect,
    NetworkTimeout,
    OperationFailure,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
    WTimeoutError,
)

from chassis.problems import Conflict, Invalid, NotFound, OutcomeUnknown, Overloaded, Unavailable
from chassis.schemas import ListQuery
from chassis_mongodb.documents import Collection, Documents, DocumentSettings, Mongo
from chassis_mongodb.documents.errors import told_of_write
from chassis_mongodb.documents.migrations import upgrade
from chassis_mongodb.documents.repository import moment_of

NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)


class VisitNew(BaseModel):
    at: AwareDatetime
    bed: str
    weight: Decimal | None = None
    notes: dict[str, Any] | None = None


class Visit(VisitNew):
    id: UUID


class VisitQuery(ListQuery):
    sort: str = "-at"
    bed: str | None = None
    at_min: AwareDatetime | None = None
    at_max: AwareDatetime | None = None


class Visits(Documents[Visit]):
    collection = Collection("visits", {"bsonType": "object", "required": ["bed"]})
    read = Visit


@pytest.fixture
async def mongo(mongo_settings: dict[str, Any]) -> AsyncIterator[Mongo]:
    mongo = Mongo(DocumentSettings(**mongo_settings))
    async with mongo.opened():
        await upgrade(mongo.database, [Visits.collection])
        yield mongo


@pytest.fixture
def visits(mongo: Mongo) -> Visits:
    return Visits(mongo)


async def seen(visits: Visits, **query: Any) -> list[dt.datetime]:
    """Follow a list to its end."""
    found, cursor = [], None
    while True:
        page = await visits.list(VisitQuery(cursor=cursor, **query))
        found += [one.at for one in page.items]
        if (cursor := page.next_cursor) is None:
            return found


@pytest.mark.parametrize(
    "at",
    [
        NOON,
        NOON + MICROSECOND,
        dt.datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=dt.UTC),
        dt.datetime(2026, 6, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=2))),
        dt.datetime(2, 1, 1, tzinfo=dt.UTC),
        dt.datetime(9998, 12, 31, 23, 59, 59, 999_999, tzinfo=dt.UTC),
    ],
    ids=str,
)
async def test_a_time_comes_back_as_it_was(at: dt.datetime, visits: Visits) -> None:
    kept, _ = await visits.put(uuid4(), VisitNew(at=at, bed="roses"))

    found = await visits.get(kept.id)
    assert found == kept
    assert (found.at, found.at.utcoffset()) == (at, dt.timedelta())


@pytest.mark.parametrize("weight", ["0", "-0.10", "1E-20", "12345678901234567890.12345678901234"])
async def test_a_decimal_comes_back_with_all_its_digits(weight: str, visits: Visits) -> None:
    new = VisitNew(at=NOON, bed="roses", weight=Decimal(weight))
    kept, _ = await visits.put(uuid4(), new)

    assert str((await visits.get(kept.id)).weight) == weight


@pytest.mark.parametrize(
    "unfit",
    [
        {"weight": Decimal("1" * 35)},
        {"notes": {"number": 2**63}},
        {"notes": {"a\x00b": 1}},
        {"notes": {"long": "x" * 17_000_000}},
    ],
    ids=["too many digits", "too large a number", "no name", "too large"],
)
async def test_what_cannot_be_kept_is_refused(unfit: dict[str, Any], visits: Visits) -> None:
    with pytest.raises(Invalid):
        await visits.put(uuid4(), VisitNew(at=NOON, bed="roses", **unfit))

    assert await seen(visits) == []


async def test_names_with_dollars_and_dots_are_only_names(visits: Visits) -> None:
    notes = {"$where": "sleep(9)", "a.b": {"$ne": ""}, "order": [1, 2.5, None, True, "x"]}
    kept, _ = await visits.put(uuid4(), VisitNew(at=NOON, bed="roses", notes=notes))

    assert (await visits.get(kept.id)).notes == notes


async def test_of_many_at_once_one_is_new(visits: Visits) -> None:
    visit_id, new = uuid4(), VisitNew(at=NOON, bed="roses")

    answers = await asyncio.gather(*(visits.put(visit_id, new) for _ in range(10)))

    assert sorted(is_new for _, is_new in answers) == [False] * 9 + [True]
    assert len(await seen(visits)) == 1


async def test_something_else_under_the_same_id_is_refused(visits: Visits) -> None:
    kept, _ = await visits.put(uuid4(), VisitNew(at=NOON, bed="roses"))

    with pytest.raises(Conflict):
        await visits.put(kept.id, VisitNew(at=NOON, bed="tulips"))
    assert (await visits.get(kept.id)).bed == "roses"


async def test_an_unknown_one_is_not_found(visits: Visits) -> None:
    with pytest.raises(NotFound):
        await visits.get(uuid4())


async def test_a_validator_is_kept_to(mongo: Mongo, visits: Visits) -> None:
    class Bare(BaseModel):
        at: AwareDatetime

    with pytest.raises(Invalid):
        await visits.put(uuid4(), Bare(at=NOON))


@pytest.mark.parametrize(("sort", "step"), [("at", 1), ("-at", -1)])
async def test_pages_follow_one_another(sort: str, step: int, visits: Visits) -> None:
    times = [NOON, NOON, NOON, NOON + MICROSECOND, NOON + 2 * MICROSECOND]
    for at in times:
        await visits.put(uuid4(), VisitNew(at=at, bed="roses"))
    await visits.put(uuid4(), VisitNew(at=NOON, bed="tulips"))

    assert await seen(visits, sort=sort, limit=2, bed="roses") == times[::step]


@pytest.mark.parametrize(
    "foreign",
    [
        {"bed": 7},
        {"_id": ObjectId()},
        {"moment": None},
        {"moment": "noon"},
        {"moment": 1.5},
        {"moment": 2**63 - 1},
        {"weight": "heavy"},
        {"notes": {"a": [ObjectId()]}},
        {"notes": {"a": float("nan")}},
        {"notes": {"a": b"\xff"}},
    ],
    ids=str,
)
async def test_what_others_put_there_takes_no_page_along(
    foreign: dict[str, Any], mongo: Mongo, visits: Visits
) -> None:
    times = [NOON + MICROSECOND, NOON, NOON - MICROSECOND]
    for at in times:
        await visits.put(uuid4(), VisitNew(at=at, bed="roses"))
    whole = {"_id": uuid4(), "bed": "roses", "at": NOON, "moment": moment_of(NOON)}
    await mongo.collection("visits").insert_one(whole | foreign)

    for limit in (1, 2, 100):
        assert await seen(visits, limit=limit) == times


async def test_a_range_includes_its_bounds(visits: Visits) -> None:
    times = [NOON + number * MICROSECOND for number in range(4)]
    for at in times:
        await visits.put(uuid4(), VisitNew(at=at, bed="roses"))

    assert await seen(visits, sort="at", at_min=times[1], at_max=times[2]) == times[1:3]


async def test_a_page_ends_where_it_has_enough_bytes(mongo: Mongo, visits: Visits) -> None:
    mongo.max_page_bytes = 2500
    for _ in range(5):
        await visits.put(uuid4(), VisitNew(at=NOON, bed="x" * 1000))

    page = await visits.list(VisitQuery())
    assert len(page.items) == 2
    assert len(await seen(visits)) == 5


FAR = b64encode(dumps(["-at", 2**63, f"{UUID(int=7)}"]).encode()).decode()


@pytest.mark.parametrize("cursor", ["", "e30", "=", "WyJhdCIsMSwieCJd", FAR])
async def test_what_is_no_cursor_is_refused(cursor: str, visits: Visits) -> None:
    with pytest.raises(Invalid):
        await visits.list(VisitQuery(cursor=cursor))


async def test_a_cursor_of_another_order_is_refused(visits: Visits) -> None:
    for _ in range(2):
        await visits.put(uuid4(), VisitNew(at=NOON, bed="roses"))
    page = await visits.list(VisitQuery(limit=1))

    with pytest.raises(Invalid):
        await visits.list(VisitQuery(cursor=page.next_cursor, sort="at"))


async def test_days_are_counted_in_utc(visits: Visits) -> None:
    evening = dt.datetime(2026, 2, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    for at in (NOON, evening, NOON + dt.timedelta(days=1), NOON - dt.timedelta(days=1)):
        await visits.put(uuid4(), VisitNew(at=at, bed="roses"))

    counted = await visits.count_by_day(dt.date(2026, 1, 31), dt.date(2026, 2, 1), {})
    assert list(counted) == [(dt.date(2026, 2, 1), 1), (dt.date(2026, 1, 31), 2)]


async def test_without_mongodb_nothing_was_done(mongo_nowhere: dict[str, Any]) -> None:
    mongo = Mongo(DocumentSettings(**mongo_nowhere))
    visits = Visits(mongo)
    async with mongo.opened():
        for asked in (
            visits.put(uuid4(), VisitNew(at=NOON, bed="roses")),
            visits.get(uuid4()),
            visits.list(VisitQuery()),
            visits.count_by_day(NOON.date(), NOON.date(), {}),
            mongo.ping(),
        ):
            with pytest.raises(Unavailable):
                await asked


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ServerSelectionTimeoutError(), Unavailable),
        (WaitQueueTimeoutError(), Overloaded),
        (AutoReconnect(), OutcomeUnknown),
        (NetworkTimeout(), OutcomeUnknown),
        (WTimeoutError("late"), OutcomeUnknown),
        (OperationFailure("no validator", code=2), OperationFailure),
    ],
    ids=lambda value: type(value).__name__,
)
def test_only_a_write_that_was_sent_has_an_unknown_outcome(
    error: Exception, told: type[Exception]
) -> None:
    with pytest.raises(told) as raised, told_of_write():
        raise error

    assert type(raised.value) is told
