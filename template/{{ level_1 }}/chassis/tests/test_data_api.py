"""Records behind another service's HTTP API."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from chassis.data_api import DataApiRecords
from chassis.problems import (
    Conflict,
    Invalid,
    NotFound,
    OutcomeUnknown,
    Outdated,
    TooLarge,
    Unavailable,
)
from chassis.schemas import ListQuery
from chassis.testing.http import RecordedHttp


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCoin:
    worth: Decimal
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
KEPT = {"id": str(ID), "worth": "2.50", "minted": None, "version": 3}
COIN = Coin(id=ID, version=3, worth=Decimal("2.50"))


async def test_a_new_record_is_posted() -> None:
    http = RecordedHttp(201, KEPT)

    kept = await Coins(http, "http://data/").add(NewCoin(worth=Decimal("2.50")))

    assert kept == COIN
    assert http.sent == [("POST", "http://data/coins", {"worth": "2.50", "minted": None})]


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


async def test_a_record_that_cannot_be_read_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    unreadable = KEPT | {"worth": "a lot"}
    http = RecordedHttp(200, {"items": [unreadable, KEPT], "next_cursor": "more"})

    page = await Coins(http, "http://data").list(CoinQuery())

    assert (page.items, page.next_cursor) == ([COIN], "more")
    assert f"/coins {ID} cannot be read" in caplog.text
    assert "a lot" not in caplog.text


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
