"""Records behind another service's HTTP API."""

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID, uuid4

import pytest

from chassis.data_api import DataApiRecords, Reader
from chassis.http_client import Reply
from chassis.problems import (
    Conflict,
    Invalid,
    NotFound,
    OutcomeUnknown,
    Outdated,
    TooLarge,
    Unavailable,
)
from chassis.schemas import Answer, ListQuery
from chassis.testing.http import RecordedHttp


class Metal(StrEnum):
    GOLD = "gold"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCoin:
    worth: Decimal
    metal: Metal = Metal.GOLD
    minted: dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coin(NewCoin):
    id: UUID
    version: int


class CoinQuery(ListQuery):
    worth_min: Decimal | None = None


class Coins(DataApiRecords[NewCoin, Coin, CoinQuery]):
    path = "/coins"
    new = NewCoin
    record = Coin


ID = uuid4()
KEPT = {"id": str(ID), "worth": "2.50", "metal": "gold", "minted": None, "version": 3}
COIN = Coin(id=ID, version=3, worth=Decimal("2.50"))


async def test_a_new_record_is_posted() -> None:
    http = RecordedHttp(201, KEPT)

    kept = await Coins(http, "http://data/").add(NewCoin(worth=Decimal("2.50")))

    assert kept == COIN
    body = {"worth": "2.50", "metal": "gold", "minted": None}
    assert http.sent == [("POST", "http://data/coins", body)]


async def test_one_record_is_read() -> None:
    http = RecordedHttp(200, KEPT)

    assert await Coins(http, "http://data").get(ID) == COIN
    assert http.sent == [("GET", f"http://data/coins/{ID}", None)]


async def test_a_page_is_read_with_the_filters_that_are_set() -> None:
    http = RecordedHttp(200, {"items": [KEPT], "next_cursor": "more"})

    page = await Coins(http, "http://data").list(CoinQuery(limit=5, worth_min=Decimal(1)))

    assert page.items == [COIN]
    assert page.next_cursor == "more"
    assert http.sent == [
        ("GET", "http://data/coins", {"limit": 5, "sort": "-created_at", "worth_min": "1"})
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("worth", "a lot", id="another type"),
        pytest.param("metal", "unobtainium", id="a choice that only the next version knows"),
        pytest.param("version", None, id="nothing where something has to be"),
        pytest.param("minted", "12026-01-01", id="a date that Python does not have"),
        pytest.param("worth", {"of": ["a lot"]}, id="another shape"),
    ],
)
@pytest.mark.parametrize("others", [0, 1, 2])
async def test_a_record_that_cannot_be_read_is_left_out(
    field: str, value: Any, others: int, caplog: pytest.LogCaptureFixture
) -> None:
    items = [KEPT] * others
    items.insert(1, KEPT | {field: value})
    http = RecordedHttp(200, {"items": items, "next_cursor": "more"})

    page = await Coins(http, "http://data").list(CoinQuery())

    assert (page.items, page.next_cursor) == ([COIN] * others, "more")
    assert f"/coins {ID} cannot be read and is left out of a list: {field}" in caplog.text
    assert str(value) not in caplog.text.replace("None", "") or value is None


async def test_fields_that_only_the_next_version_knows_are_left_out() -> None:
    newer = KEPT | {"mint": {"in": "Wien"}}
    http = RecordedHttp(200, {"items": [newer], "next_cursor": None, "total": 1})

    assert (await Coins(http, "http://data").list(CoinQuery())).items == [COIN]


async def test_changes_are_sent_as_they_are() -> None:
    http = RecordedHttp(200, KEPT)

    await Coins(http, "http://data").change(ID, {"minted": dt.date(2026, 1, 31)})

    assert http.sent == [("PATCH", f"http://data/coins/{ID}", {"minted": "2026-01-31"})]
    assert http.headers == [{}]


async def test_a_record_to_decide_on_is_read_past_caches() -> None:
    http = RecordedHttp(200, KEPT)
    coins = Coins(http, "http://data")

    assert await coins.current(ID) == await coins.current(ID, 3) == COIN
    assert http.headers == [{"Cache-Control": "no-cache"}] * 2
    with pytest.raises(Outdated):
        await coins.current(ID, 2)


async def test_a_write_counts_on_the_version_that_is_given() -> None:
    http = RecordedHttp(200, KEPT)
    coins = Coins(http, "http://data")

    await coins.change(ID, {"worth": 1}, 3)
    await coins.remove(ID, 3)

    assert http.headers == [{"If-Match": '"3"'}] * 2


async def test_a_record_is_removed() -> None:
    http = RecordedHttp(204)

    await Coins(http, "http://data").remove(ID)

    assert http.sent == [("DELETE", f"http://data/coins/{ID}", None)]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (404, NotFound),
        (409, Conflict),
        (412, Outdated),
        (413, TooLarge),
        (422, Invalid),
        (500, Unavailable),
    ],
)
async def test_a_problem_is_raised(status: int, error: type[Exception]) -> None:
    coins = Coins(RecordedHttp(status, {"detail": "no"}), "http://data")

    with pytest.raises(error):
        await coins.get(ID)


async def test_a_write_that_failed_may_be_stored() -> None:
    coins = Coins(RecordedHttp(500, {"detail": "no"}), "http://data")

    for write in (coins.add(NewCoin(worth=Decimal(1))), coins.change(ID, {}), coins.remove(ID)):
        with pytest.raises(OutcomeUnknown):
            await write


type State = Literal["new", "read"]


class Note(Answer):
    id: UUID
    state: State | str
    words: int


NOTE = {"id": str(ID), "state": "new", "words": 3}
NOTES = Reader(Note, "note")


def reply(answer: Any, status: int = 200) -> Reply:
    return Reply(status, json.dumps(answer).encode())


def test_what_only_a_later_version_has_is_left_out_and_its_choices_are_taken() -> None:
    later = {**NOTE, "state": "archived", "colour": "red"}

    assert NOTES.one(reply(later)) == Note(id=ID, state="archived", words=3)
    assert NOTES.all(reply([later])) == NOTES.page(reply({"items": [later]})).items


def test_a_record_that_cannot_be_read_takes_no_others_along(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken = {**NOTE, "words": "a secret"}

    assert NOTES.all(reply([broken, NOTE])) == [NOTES.one(reply(NOTE))]
    page = NOTES.page(reply({"items": [broken, NOTE], "next_cursor": "more"}))
    assert (len(page.items), page.next_cursor) == (1, "more")
    assert "note" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize("body", [b"", b"[", b"null", b'{"items": 7}', b'{"words": "many"}'])
def test_what_is_no_answer_at_all_is_that_of_a_service_that_is_away(body: bytes) -> None:
    for read in (NOTES.one, NOTES.page, NOTES.all):
        with pytest.raises(Unavailable):
            read(Reply(200, body))
    with pytest.raises(OutcomeUnknown):
        NOTES.written(Reply(201, body))


def test_what_must_be_whole_is_not_read_in_part() -> None:
    assert NOTES.whole(reply({"items": [NOTE]})).items == [NOTES.one(reply(NOTE))]
    with pytest.raises(Unavailable):
        NOTES.whole(reply({"items": [{**NOTE, "words": None}, NOTE]}))


@pytest.mark.parametrize("read", [NOTES.one, NOTES.page, NOTES.whole, NOTES.all])
def test_what_a_service_answers_is_raised(read: Callable[[Reply], Any]) -> None:
    with pytest.raises(NotFound):
        read(reply({"detail": "None."}, 404))
