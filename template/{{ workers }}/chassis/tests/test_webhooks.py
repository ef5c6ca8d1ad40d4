"""Webhooks: what was told is acted on until it is done, and one that fails holds up no other."""

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.orm import DeclarativeBase

from chassis.problems import NotFound, Unavailable
from chassis.webhooks import OLDEST, ActOnEvents, DueEvent, EventOutcome, Forged, check_age
from chassis.webhooks.inbox import Inbox, InboxRecord

DIALECT = PGDialect(paramstyle="named")  # type: ignore[no-untyped-call]
EVENT = {"id": UUID(int=7), "provider": "post", "event_id": "1", "attempts": 0}


class Own(DeclarativeBase):
    """Apart from the tables that services have."""


class Told(InboxRecord, Own):
    """What a provider told."""

    __tablename__ = "told"


class Table:
    """The table, as statements see it: gives `pages` and then `rows`, and notes what it was asked."""

    def __init__(self, *rows: Any, pages: Sequence[Sequence[Any]] = ()) -> None:
        self.rows = rows
        self.pages = [*pages]
        self.asked: list[str] = []

    @asynccontextmanager
    async def connect(self) -> AsyncIterator["Table"]:
        yield self

    begin = connect

    async def execute(self, statement: Any, _values: Any = None) -> Any:
        self.asked.append(" ".join(str(statement.compile(dialect=DIALECT)).split()))
        rows = self.pages.pop(0) if self.pages else self.rows
        found = SimpleNamespace(all=lambda: rows)
        first = rows[0] if rows else None
        return SimpleNamespace(mappings=lambda: found, first=lambda: first)


def inbox(table: Table) -> Inbox[DueEvent]:
    return Inbox(cast("Any", table), cast("Any", Told), DueEvent)


async def test_an_event_is_kept_once() -> None:
    table = Table()

    await inbox(table).keep([])
    await inbox(table).keep([{"provider": "post", "event_id": "1"}])

    asked, forgotten = table.asked
    assert asked.endswith("ON CONFLICT DO NOTHING")
    assert forgotten.startswith("DELETE FROM told WHERE told.id IN")


@pytest.mark.parametrize("days", [-1, 1])
def test_what_was_signed_at_another_time_is_not_taken(days: int) -> None:
    now = dt.datetime.now(dt.UTC)

    check_age(now + days * OLDEST * 0.99)
    with pytest.raises(Forged):
        check_age(now + days * OLDEST * 1.01)


async def test_what_is_due_comes_the_oldest_first() -> None:
    table = Table(EVENT)

    assert await inbox(table).due() == [DueEvent.model_validate(EVENT)]

    assert "ORDER BY told.due_at" in table.asked[0]


@pytest.mark.parametrize(("error", "waits"), [("Away.", True), (None, False)])
async def test_what_failed_waits_and_what_is_done_does_not(
    error: str | None, *, waits: bool
) -> None:
    table, heard = Table(SimpleNamespace(provider="post", state="new")), []
    kept = inbox(table)
    kept.listeners.append(lambda *told: heard.append(told))

    await kept.end(UUID(int=7), EventOutcome(error=error))

    assert ("due_at" in table.asked[0].partition("WHERE")[0]) is waits
    assert heard == [("post", "new")]


async def test_of_what_is_not_there_nothing_becomes() -> None:
    with pytest.raises(NotFound):
        await inbox(Table()).end(UUID(int=7), EventOutcome())


class Kept:
    """Three events; `ended` is what became of them."""

    def __init__(self) -> None:
        self.ended: dict[str, str | None] = {}

    async def due_events(self) -> Sequence[DueEvent]:
        return [
            DueEvent(id=UUID(int=number), provider="post", event_id=name, attempts=0)
            for number, name in enumerate(("good", "away", "bug"))
        ]

    async def end_event(self, event: DueEvent, outcome: EventOutcome) -> None:
        self.ended[event.event_id] = outcome.error


async def test_what_fails_is_kept_with_the_reason(caplog: pytest.LogCaptureFixture) -> None:
    faults = {"away": Unavailable("Away. " * 100), "bug": ZeroDivisionError("ann@example.com")}
    acted = []

    async def act(event: DueEvent) -> None:
        acted.append(event.event_id)
        if event.event_id in faults:
            raise faults[event.event_id]

    kept = Kept()
    assert await ActOnEvents(kept, act)() == 3

    assert acted == ["good", "away", "bug"]
    assert kept.ended["good"] is None
    assert (kept.ended["away"] or "").startswith("Away.")
    assert len(kept.ended["away"] or "") == 500
    assert kept.ended["bug"] == "ZeroDivisionError"  # its text may have personal data in it
    assert "Event bug of post waits" in caplog.text


def test_what_is_forged_is_refused() -> None:
    assert Forged("No.").status == 400


async def test_an_event_that_cannot_be_read_holds_up_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    table = Table({**EVENT, "attempts": None}, EVENT)

    assert await inbox(table).due() == [DueEvent.model_validate(EVENT)]
    assert "told" in caplog.text


async def test_many_events_that_cannot_be_read_hold_up_no_other() -> None:
    unread, read = {**EVENT, "attempts": None}, DueEvent.model_validate(EVENT)
    table = Table(pages=[[unread] * 50, [unread] * 50, [EVENT]])

    assert await inbox(table).due("post") == [read]
    assert ["provider" in asked.partition("WHERE")[2] for asked in table.asked] == [True] * 3

    assert await inbox(Table(pages=[[unread] * 50])).due() == []
