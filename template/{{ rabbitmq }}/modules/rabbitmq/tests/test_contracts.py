import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, WithJsonSchema, create_model

from chassis.events import Created, Deleted, Event
from chassis.schemas import Schema
from chassis_rabbitmq import contracts
from chassis_rabbitmq.contracts import Unclear, breaches, contract, main

type Events = dict[str, Sequence[type[Event]]]

Here = Literal["here"]
Status = Literal["here", "lent"]


class Author(Schema):
    name: str
    born: int | None


class Book(Schema):
    title: str = Field(max_length=200)
    status: Literal["lent", "here"]
    pages: int | None
    authors: list[Author]
    follows: "Book | None"
    ratings: dict[str, float] = Field(default_factory=dict)


def created(data: type[Schema]) -> type[Event]:
    fields: dict[str, Any] = {
        "type": (Literal["book.created"], "book.created"),
        "version": (Literal[1], 1),
        "data": (data, ...),
    }
    return create_model("BookCreated", __base__=Created, **fields)


def changed(**fields: Any) -> type[Event]:
    """Make the event of a book with other fields; None removes one."""
    kept = {
        key: (field.annotation, field)
        for key, field in Book.model_fields.items()
        if fields.get(key, key) is not None
    }
    given = {key: field for key, field in fields.items() if field is not None}
    return created(create_model("Book", __base__=Schema, **{**kept, **given}))


class BookDeleted(Deleted):
    type: Literal["book.deleted"] = "book.deleted"
    version: Literal[2] = 2


PROMISED = contract(created(Book))


def test_a_contract_tells_what_an_event_holds() -> None:
    assert PROMISED == {
        "data": "object",
        "data.authors": "array",
        "data.authors[]": "object",
        "data.authors[].born": "integer or null",
        "data.authors[].name": "string",
        "data.follows": "object or null",
        "data.follows.authors": "array",
        "data.follows.authors[]": "object",
        "data.follows.authors[].born": "integer or null",
        "data.follows.authors[].name": "string",
        "data.follows.follows": "object or null",
        "data.follows.pages": "integer or null",
        "data.follows.ratings": "object",
        "data.follows.ratings.*": "number",
        "data.follows.status": 'string ["here", "lent"]',
        "data.follows.title": "string maxLength 200",
        "data.pages": "integer or null",
        "data.ratings": "object",
        "data.ratings.*": "number",
        "data.status": 'string ["here", "lent"]',
        "data.title": "string maxLength 200",
        "id": "string uuid",
        "occurred_at": "string date-time",
        "subject": "string uuid",
        "type": 'string ["book.created"]',
        "version": "integer [1]",
    }


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(created(Book), id="nothing"),
        pytest.param(changed(isbn=(str | None, None)), id="a field that may be left out"),
        pytest.param(changed(isbn=(str | None, ...)), id="a field that may be null"),
        pytest.param(changed(isbn=(str, "none")), id="a field with a default"),
        pytest.param(changed(status=(Here | str, ...)), id="values become any string"),
    ],
)
def test_what_breaks_no_promise(event: type[Event]) -> None:
    assert breaches(event, PROMISED) == []


@pytest.mark.parametrize(
    ("event", "breach"),
    [
        pytest.param(changed(pages=None), "data.pages is gone", id="a field is gone"),
        pytest.param(
            changed(pages=(str, ...)),
            "data.pages was integer or null, is string",
            id="a field is something else",
        ),
        pytest.param(
            changed(title=(str | None, ...)),
            "data.title was string maxLength 200, is string or null",
            id="a field may be null now",
        ),
        pytest.param(
            changed(pages=(int, ...)),
            "data.pages was integer or null, is integer",
            id="a field may not be null any more",
        ),
        pytest.param(
            changed(title=(str, Field(max_length=10))),
            "data.title was string maxLength 200, is string maxLength 10",
            id="a field is narrower",
        ),
        pytest.param(
            changed(status=(Literal["here", "lent", "lost"], ...)),
            'data.status was string ["here", "lent"], is string ["here", "lent", "lost"]',
            id="a value is new",
        ),
        pytest.param(
            changed(status=(Status | str | None, ...)),
            'data.status was string ["here", "lent"], is string or null',
            id="any string, or nothing",
        ),
        pytest.param(
            changed(isbn=(str, ...)),
            "data.isbn is new and not in older events: give it a default",
            id="a field that older events lack",
        ),
        pytest.param(
            changed(shelf=(create_model("Shelf", place=(int, ...)), ...)),
            "data.shelf is new and not in older events: give it a default",
            id="an object that older events lack",
        ),
    ],
)
def test_what_breaks_a_promise(event: type[Event], breach: str) -> None:
    assert breaches(event, PROMISED) == [breach]


def test_what_is_inside_counts_too() -> None:
    class Renamed(Schema):
        full_name: str
        born: int | None

    event = changed(authors=(list[Renamed], ...), follows=(Author | None, ...))
    kept = {path: kind for path, kind in PROMISED.items() if "follows" not in path}

    assert breaches(event, kept)[:2] == [
        "data.authors[].name is gone",
        "data.authors[].full_name is new and not in older events: give it a default",
    ]


class Paper(Schema):
    kind: Literal["paper"]
    pages: int


class Audio(Schema):
    kind: Literal["audio"]
    minutes: int


class Scan(Schema):
    kind: Literal["scan"]


def audio(**fields: Any) -> type[Schema]:
    """Make an audio book with other fields."""
    return create_model("Audio", __base__=Audio, **fields)


def edition(kind: Any) -> type[Event]:
    """Make the event of a record with one field."""
    return created(create_model("Edition", __base__=Schema, it=(kind, ...)))


def held(kind: Any) -> dict[str, str]:
    """Give what the contract says of such a field, by the path below it."""
    told = contract(edition(kind)).items()
    return {path.removeprefix("data.it"): of for path, of in told if path.startswith("data.it")}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        pytest.param(
            Annotated[Paper | Audio, Field(discriminator="kind")],
            {
                "": "object Audio or object Paper",
                "(Audio)": "object",
                "(Audio).kind": 'string ["audio"]',
                "(Audio).minutes": "integer",
                "(Paper)": "object",
                "(Paper).kind": 'string ["paper"]',
                "(Paper).pages": "integer",
            },
            id="records to choose from",
        ),
        pytest.param(
            tuple[int, str],
            {"": "array minItems 2 maxItems 2", "[0]": "integer", "[1]": "string"},
            id="a tuple",
        ),
        pytest.param(
            list[int] | list[str],
            {"": "array", "[]": "integer or string"},
            id="lists to choose from",
        ),
        pytest.param(set[int], {"": "array uniqueItems True", "[]": "integer"}, id="a set"),
        pytest.param(
            dict[Literal["en", "fr"], int],
            {"": "object", ".*": "integer", ".keys()": '["en", "fr"]'},
            id="a dictionary with known keys",
        ),
        pytest.param(
            dict[Annotated[str, Field(pattern="^[a-z]+$")], int],
            {"": "object", ".*": "integer"},
            id="a dictionary whose keys have a pattern",
        ),
        pytest.param(
            dict[str, Any], {"": "object", ".*": "anything"}, id="a dictionary of anything"
        ),
        pytest.param(Any, {"": "anything"}, id="anything"),
        pytest.param(Literal[1, "a"], {"": '[1, "a"]'}, id="values of several types"),
        pytest.param(
            Annotated[
                int,
                WithJsonSchema(
                    {
                        "allOf": [
                            {"type": "object", "properties": {"a": {"type": "integer"}}},
                            {"properties": {"b": {"type": "string"}}},
                        ]
                    }
                ),
            ],
            {"": "object", ".a": "integer", ".b": "string"},
            id="all of several schemas",
        ),
    ],
)
def test_whatever_a_field_is_its_contract_tells(kind: Any, expected: dict[str, str]) -> None:
    assert held(kind) == expected


@pytest.mark.parametrize(
    ("before", "after", "breach"),
    [
        pytest.param(
            Paper | Audio,
            Paper | audio(minutes=(float, ...)),
            "data.it(Audio).minutes was integer, is number",
            id="in one of the records to choose from",
        ),
        pytest.param(
            Paper | Audio,
            Paper | audio(voice=(str, ...)),
            "data.it(Audio).voice is new and not in older events: give it a default",
            id="a field that older events lack in one of the records to choose from",
        ),
        pytest.param(
            Paper | Audio,
            Paper | Audio | Scan,
            "data.it was object Audio or object Paper, is object Audio or object Paper or object Scan",
            id="another record to choose from",
        ),
        pytest.param(
            tuple[int, str], tuple[int, int], "data.it[1] was string, is integer", id="in a tuple"
        ),
        pytest.param(
            dict[Literal["en"], int],
            dict[Literal["en", "fr"], int],
            'data.it.keys() was ["en"], is ["en", "fr"]',
            id="another key",
        ),
        pytest.param(
            dict[str, int], dict[str, Any], "data.it.* was integer, is anything", id="anything now"
        ),
    ],
)
def test_a_promise_is_broken_deep_inside(before: Any, after: Any, breach: str) -> None:
    assert breaches(edition(after), contract(edition(before))) == [breach]


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        pytest.param({"not": {"type": "null"}}, "cannot tell what not means", id="no type"),
        pytest.param(
            {"allOf": [{"anyOf": [{"type": "null"}, {"type": "string"}]}]}, "allOf", id="a union"
        ),
    ],
)
def test_what_no_contract_can_tell_is_refused(schema: dict[str, Any], reason: str) -> None:
    with pytest.raises(Unclear, match=rf"^book.created.v1: data.it: .*{reason}"):
        contract(edition(Annotated[int, WithJsonSchema(schema)]))


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(contracts, "FILE", tmp_path / "contracts.json")
    return tmp_path / "contracts.json"


def declare(monkeypatch: pytest.MonkeyPatch, *events: type[Event]) -> None:
    declared: Events = {"books": events}
    monkeypatch.setattr(contracts, "declared_events", lambda: declared)


def test_what_is_new_is_noted(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    declare(monkeypatch, created(Book))
    assert main() == 0
    declare(monkeypatch, changed(isbn=(str | None, None)), BookDeleted)
    assert main() == 0

    noted = json.loads(file.read_text())
    assert noted["book.created.v1"] == {**PROMISED, "data.isbn": "string or null"}
    assert noted["book.deleted.v2"] == contract(BookDeleted)


def test_what_no_contract_can_tell_is_not_noted(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    declare(monkeypatch, edition(Annotated[int, WithJsonSchema({"not": {}})]))

    assert main() == 1

    assert not file.exists()
    assert "book.created.v1: data.it: a contract cannot tell what not" in capsys.readouterr().err


def test_a_promise_is_not_changed(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    declare(monkeypatch, created(Book))
    main()
    before = file.read_text()
    declare(monkeypatch, changed(pages=None), BookDeleted)

    assert main() == 1

    assert file.read_text() == before
    assert "book.created.v1: data.pages is gone" in capsys.readouterr().err


A = Literal["a"]
B = Literal["b"]
AB = Literal["a", "b"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(A | str, AB | str, id="a value is new"),
        pytest.param(AB | str, A | str, id="a value is gone"),
        pytest.param(A | str | None, B | str | None, id="or null"),
        pytest.param(list[A | str], list[AB | str], id="in a list"),
    ],
)
def test_where_readers_take_any_string_values_may_come_and_go(before: Any, after: Any) -> None:
    promised = contract(changed(status=(before, ...)))

    assert breaches(changed(status=(after, ...)), promised) == []


def test_any_string_must_not_become_some() -> None:
    promised = contract(changed(status=(A | str, ...)))

    closed = breaches(changed(status=(Literal["a"], ...)), promised)

    assert closed == ['data.status was string, is string ["a"]']
