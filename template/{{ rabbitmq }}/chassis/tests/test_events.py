import datetime as dt
import json
from typing import Any, Literal
from uuid import uuid4

import pytest
from pydantic import ValidationError

from chassis.events import Created, Deleted, Updated
from chassis.schemas import Schema

Role = Literal["adult", "child"]
Status = Literal["lent", "here"]


class Book(Schema):
    title: str
    pages: int | None
    language: str | None = "en"


class Reader(Schema):
    role: Role | str


class BookCreated(Created):
    type: Literal["book.created"] = "book.created"
    version: Literal[1] = 1
    data: Book


class BookDeleted(Deleted):
    type: Literal["book.deleted"] = "book.deleted"
    version: Literal[1] = 1


BOOK: dict[str, Any] = {"title": "Dune", "pages": 412}


def created(**data: Any) -> BookCreated:
    return BookCreated.model_validate({"subject": uuid4(), "data": {**BOOK, **data}})


def test_an_event_says_what_happened_to_what_and_when() -> None:
    event = created()

    told = event.model_dump(mode="json")

    assert told["type"] == "book.created"
    assert told["version"] == 1
    assert told["subject"] == str(event.subject)
    assert told["data"] == {"title": "Dune", "pages": 412, "language": "en"}
    assert dt.datetime.now(dt.UTC) - event.occurred_at < dt.timedelta(minutes=1)


def test_readers_ask_for_one_version() -> None:
    class BookCreatedV2(BookCreated):
        version: Literal[2] = 2  # type: ignore[assignment]

    assert BookCreated.routing_key() == created().routing_key() == "book.created.v1"
    assert BookCreatedV2.routing_key() == "book.created.v2"


def test_every_event_has_an_id_of_its_own() -> None:
    assert created().id != created().id


def test_what_is_told_is_what_is_read() -> None:
    event = created()

    assert BookCreated.model_validate_json(event.model_dump_json()) == event


def test_an_event_of_a_record_that_is_gone_has_no_data() -> None:
    assert "data" not in BookDeleted(subject=uuid4()).model_dump()


def test_fields_of_a_newer_publisher_are_left_out() -> None:
    event = BookCreated.model_validate(
        {"subject": uuid4(), "data": {**BOOK, "isbn": "0"}, "source": "shelf"}
    )

    assert event.data == Book(title="Dune", pages=412)


class Loan(Schema):
    status: Status | str
    readers: list[Reader]
    book: Book | None = None


class LoanCreated(Created):
    type: Literal["loan.created"] = "loan.created"
    version: Literal[1] = 1
    data: Loan


@pytest.mark.parametrize(
    "newer",
    [
        pytest.param({"status": "lost"}, id="a value that nobody knew"),
        pytest.param({"readers": [{"role": "guest"}]}, id="such a value in a list"),
        pytest.param({"readers": [{"role": "child", "age": 7}]}, id="a field in a list"),
        pytest.param({"book": {**BOOK, "isbn": {"prefix": "978"}}}, id="a field of a record"),
    ],
)
def test_what_a_newer_publisher_says_does_not_stop_readers(newer: dict[str, Any]) -> None:
    loan = {"status": "lent", "readers": [], **newer}
    body = json.dumps({"subject": str(uuid4()), "data": loan})

    event = LoanCreated.model_validate_json(body)

    assert event.data.status == loan["status"]
    assert [reader.role for reader in event.data.readers] == [
        one["role"] for one in loan["readers"]
    ]


def test_a_field_that_an_older_publisher_lacks_is_null_where_it_may_be() -> None:
    event = BookCreated.model_validate({"subject": uuid4(), "data": {"title": "Dune"}})

    assert event.data == Book(title="Dune", pages=None, language="en")


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"type": "book.deleted"}, id="another type"),
        pytest.param({"version": 2}, id="another version"),
        pytest.param({"data": {"pages": 1}}, id="a field that must not be null is missing"),
        pytest.param({"data": {"title": "Dune", "pages": "many"}}, id="a field of another type"),
        pytest.param({"data": None}, id="no data"),
        pytest.param({"occurred_at": "2026-01-31T12:00:00"}, id="a time without zone"),
    ],
)
def test_what_is_no_such_event_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        BookCreated.model_validate({"subject": uuid4(), "data": BOOK} | wrong)


def test_events_follow_writes() -> None:
    assert [event.kind for event in (Created, Updated, Deleted)] == ["add", "change", "remove"]
    assert BookCreated.happened({"title": "Dune"})
