"""An event that RabbitMQ would refuse is refused when it is written."""

from typing import Any, Literal
from uuid import UUID

import pytest

from chassis.database import Database, DatabaseSettings
from chassis.events import Created, Deleted
from chassis.problems import Invalid
from chassis.schemas import Schema
from chassis_rabbitmq.outbox.size import body_of
from chassis_rabbitmq.outbox.store import Outbox


class Book(Schema):
    title: str
    notes: dict[str, Any]


class BookCreated(Created):
    type: Literal["book.created"] = "book.created"
    version: Literal[1] = 1
    data: Book


class BookDeleted(Deleted):
    type: Literal["book.deleted"] = "book.deleted"
    version: Literal[1] = 1


def created(title: str = "Dune", **notes: Any) -> BookCreated:
    return BookCreated(subject=UUID(int=7), data=Book(title=title, notes=notes))


def size(event: BookCreated) -> int:
    return len(event.model_dump_json().encode())


def test_an_event_of_the_largest_size_is_taken() -> None:
    event = created()

    assert body_of(event, size(event)) == event.model_dump_json()


@pytest.mark.parametrize(
    ("event", "field"),
    [
        pytest.param(created("x" * 400), "title", id="a long text"),
        pytest.param(created(pages=list(range(200))), "notes", id="many values"),
        pytest.param(created("\N{OK HAND SIGN}" * 90), "title", id="bytes, not letters"),
        pytest.param(created('"' * 200), "title", id="what is escaped counts twice"),
        pytest.param(created(width=1e308, more=[1e308] * 40), "notes", id="written out"),
    ],
)
def test_a_larger_one_is_invalid_and_blames_its_largest_field(
    event: BookCreated, field: str
) -> None:
    limit = 450

    with pytest.raises(Invalid, match="this record too large") as told:
        body_of(event, limit)

    assert "Makes the event book.created.v1 of" in told.value.detail
    assert f"{size(event)} bytes, at most {limit} are allowed" in told.value.detail
    assert [error.field for error in told.value.errors] == [field]


def test_an_event_without_data_blames_no_field() -> None:
    with pytest.raises(Invalid) as told:
        body_of(BookDeleted(subject=UUID(int=7)), 10)

    assert told.value.errors == ()


async def test_what_is_too_large_is_not_stored() -> None:
    database = Database(DatabaseSettings(database_url="postgresql://nobody@127.0.0.1:1/none"))
    untouched: Any = None

    with pytest.raises(Invalid):
        await Outbox(database, 10).put(untouched, created(), {})
