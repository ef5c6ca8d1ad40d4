from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID, uuid4

import pytest

from chassis.database import Change
from chassis.events import Created, Deleted, Event, Updated
from chassis.schemas import Schema
from chassis_rabbitmq.outbox.recorder import EventRecorder


class Book(Schema):
    id: UUID
    title: str
    status: str


class BookCreated(Created):
    type: Literal["book.created"] = "book.created"
    version: Literal[1] = 1
    data: Book


class BookUpdated(Updated):
    type: Literal["book.updated"] = "book.updated"
    version: Literal[1] = 1
    data: Book


class BookUpdatedV2(BookUpdated):
    version: Literal[2] = 2  # type: ignore[assignment]


class BookLent(BookUpdated):
    type: Literal["book.lent"] = "book.lent"  # type: ignore[assignment]

    @classmethod
    def happened(cls, given: Mapping[str, Any]) -> bool:
        return given.get("status") == "lent"


class BookDeleted(Deleted):
    type: Literal["book.deleted"] = "book.deleted"
    version: Literal[1] = 1


BOOK = uuid4()
UPDATED_AND_LENT = ["book.updated.v1", "book.updated.v2", "book.lent.v1"]
STORED = {"id": BOOK, "title": "Dune", "status": "lent", "shelf": 4}


class Outbox:
    """Keeps what is put into it."""

    def __init__(self) -> None:
        self.put_in: list[tuple[Event, Mapping[str, str]]] = []

    async def put(self, _connection: Any, event: Event, headers: Mapping[str, str]) -> None:
        self.put_in.append((event, headers))

    @property
    def events(self) -> list[Event]:
        return [event for event, _ in self.put_in]


class Relay:
    """Counts how often it is woken."""

    def __init__(self) -> None:
        self.woken = 0

    def wake(self) -> None:
        self.woken += 1


@pytest.fixture
def outbox() -> Any:
    return Outbox()


@pytest.fixture
def relay() -> Any:
    return Relay()


@pytest.fixture
def recorder(outbox: Any, relay: Any) -> EventRecorder:
    events = {"books": [BookCreated, BookUpdated, BookUpdatedV2, BookLent, BookDeleted]}
    return EventRecorder(events, outbox, relay, [lambda: {"X-Origin": "shelf"}])


def change(kind: Any, values: Mapping[str, Any], stored: Mapping[str, Any]) -> Change:
    return Change(kind, "books", BOOK, values, stored)


ANY_CONNECTION: Any = None


async def test_a_new_record_is_told(recorder: EventRecorder, outbox: Any, relay: Any) -> None:
    await recorder(ANY_CONNECTION, change("add", {"title": "Dune"}, STORED))

    (event,) = outbox.events
    assert isinstance(event, BookCreated)
    assert event.subject == BOOK
    assert event.data == Book(id=BOOK, title="Dune", status="lent")
    assert relay.woken


async def test_a_removal_is_told_without_data(recorder: EventRecorder, outbox: Any) -> None:
    await recorder(ANY_CONNECTION, change("remove", {}, {}))

    (event,) = outbox.events
    assert isinstance(event, BookDeleted)
    assert event.subject == BOOK


@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param({"title": "Dune"}, ["book.updated.v1", "book.updated.v2"], id="a change"),
        pytest.param({"status": "lent"}, UPDATED_AND_LENT, id="a change with a name"),
    ],
)
async def test_a_change_may_be_more_than_a_change(
    recorder: EventRecorder, outbox: Any, given: Mapping[str, Any], told: list[str]
) -> None:
    await recorder(ANY_CONNECTION, change("change", given, STORED))

    assert [event.routing_key() for event in outbox.events] == told


async def test_the_versions_of_an_event_have_its_id(recorder: EventRecorder, outbox: Any) -> None:
    await recorder(ANY_CONNECTION, change("change", {"status": "lent"}, STORED))

    updated, updated_v2, lent = outbox.events
    assert updated.id == updated_v2.id != lent.id
    assert updated.occurred_at == updated_v2.occurred_at


async def test_what_goes_along_with_calls_goes_along_with_events(
    recorder: EventRecorder, outbox: Any
) -> None:
    await recorder(ANY_CONNECTION, change("remove", {}, {}))

    assert outbox.put_in[0][1] == {"x-origin": "shelf"}


async def test_a_table_without_events_is_passed_over(
    recorder: EventRecorder, outbox: Any, relay: Any
) -> None:
    await recorder(ANY_CONNECTION, Change("add", "shelves", BOOK, {}, {"id": BOOK}))

    assert outbox.events == []
    assert not relay.woken
