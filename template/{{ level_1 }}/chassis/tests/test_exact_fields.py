"""Fields take only what can be kept and given back as it was sent."""

import datetime as dt
import re
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import AwareDatetime, EmailStr, Field, TypeAdapter, ValidationError

from chassis.schemas import Exact, FromText, Schema

UTC = dt.UTC
ID = UUID("6f1d2c9a-8a4e-4f57-8d1b-2a9c3e4f5b60")
Money = Annotated[Decimal, Field(max_digits=18, decimal_places=2, ge=Decimal(0)), Exact()]
Title = Annotated[str, Field(min_length=1, max_length=20), Exact()]
KINDS: dict[str, TypeAdapter[Any]] = {
    "flag": TypeAdapter(Annotated[bool, Exact()]),
    "off": TypeAdapter(Annotated[Literal[False], Exact()]),
    "whole": TypeAdapter(Annotated[int, Field(ge=-5, le=5), Exact()]),
    "money": TypeAdapter(Money),
    "day": TypeAdapter(Annotated[dt.date, Exact()]),
    "time": TypeAdapter(Annotated[AwareDatetime, Exact()]),
    "uuid": TypeAdapter(Annotated[UUID, Exact()]),
    "title": TypeAdapter(Title),
    "note": TypeAdapter(Annotated[str, Field(max_length=20), Exact(lines=True)]),
    "code": TypeAdapter(Annotated[str, Field(max_length=20), Exact(unique=True)]),
    "email": TypeAdapter(Annotated[EmailStr, Exact()]),
    "document": TypeAdapter(Annotated[dict[str, Any], Exact()]),
    "filter": TypeAdapter(Annotated[Annotated[int, Exact()] | None, FromText()]),
    "choice": TypeAdapter(Annotated[Annotated[bool, Exact()] | None, FromText()]),
}


@pytest.mark.parametrize(
    ("kind", "sent", "kept"),
    [
        ("flag", True, True),
        ("off", False, False),
        ("whole", -5, -5),
        ("whole", 2.0, 2),
        ("money", "9007199254740993.01", Decimal("9007199254740993.01")),
        ("money", 12, Decimal(12)),
        ("money", 0.1, Decimal("0.1")),
        ("money", 1e15, Decimal("1e15")),
        ("money", "1.5000", Decimal("1.5")),
        ("money", "0.000", Decimal(0)),
        ("money", Decimal("1.50"), Decimal("1.5")),
        ("day", "2024-02-29", dt.date(2024, 2, 29)),
        ("day", dt.date(2024, 2, 29), dt.date(2024, 2, 29)),
        ("time", "2026-01-31T12:00:00.123456Z", dt.datetime(2026, 1, 31, 12, 0, 0, 123456, UTC)),
        ("time", "2026-01-31t14:00:00+02:00", dt.datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("uuid", "6F1D2C9A-8a4e-4f57-8d1b-2a9c3e4f5b60", ID),
        ("uuid", ID, ID),
        ("title", " two  words\u200d ", " two  words\u200d "),
        ("title", "e\u0301", "e\u0301"),
        ("note", "one\n\ttwo\r\n", "one\n\ttwo\r\n"),
        ("code", "Ünïque 日本 7", "Ünïque 日本 7"),
        ("code", "", ""),
        ("email", "Some.One@Example.ORG", "some.one@example.org"),
        ("document", {"a": [1, 2.5, None, {"b": "c"}]}, {"a": [1, 2.5, None, {"b": "c"}]}),
        ("filter", "-7", -7),
        ("filter", None, None),
        ("choice", "false", False),
    ],
)
def test_what_is_taken_is_kept(kind: str, sent: object, kept: object) -> None:
    assert KINDS[kind].validate_python(sent) == kept


REFUSED: dict[str, list[object]] = {
    "flag": [0, 1, "true", "yes", 1.0, None],
    "off": [True, 0, 0.0, "false", "", None],
    "whole": [True, "1", 1.5, 2.0**53, float("inf"), 6, Decimal(1)],
    "money": [
        *(True, "1_0", " 1", "1e2", "", "NaN", "+1", "\u0661", ".5", "5."),
        *(0.001, "0.001", 12345678901234567, "12345678901234567"),
        *(-1, "-0.01", float("inf"), Decimal("NaN"), "1" * 100),
    ],
    "day": [
        *(0, 1.5, "0", "1700000000", "2023-02-29", "2024-2-9", "", "2024-02-29T00:00:00"),
        *("0001-01-01", "9999-12-31", "\uff12024-01-01"),
    ],
    "time": [
        *(0, "1700000000", "2026-01-31", "2026-01-31T12:00:00", "2026-01-31T12:00:00.1234567Z"),
        *("0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "2026-01-31T12:00:60Z"),
        *("2026-02-30T12:00:00Z", "2026-01-31T12:00:00+99:00"),
    ],
    "uuid": [f"urn:uuid:{ID}", "{" + str(ID) + "}", ID.hex, 0, b"6f1d2c9a8a4e4f57", ""],
    "title": ["", "  ", "a\x00", "a\x1b[0m", "a\n", "a\u2028", "\x85", 5],
    "note": ["a\x00", "a\x08", "\u2029"],
    "code": [
        *("a ", " a", "\u00a0a", "e\u0301", "a\u200bb", "a\u202eb", "a\ufeff", "a\u00a0b"),
        *("\u3164", "a\u00adb", "a\ue000", "\u2126"),
    ],
    "email": ["a", "A B <a@example.org>", " a@example.org", 5, "a@b"],
    "document": [
        *({"a": float("nan")}, {"a": 1e300}, {"a": 2**63}, {"a": "\ud800"}, {"a\x00": 1}),
        *({"a": "x" * 65_536}, [1]),
    ],
    "filter": ["1.0", "01", "+1", "1_0", " 1", "", "true", "\u0663", "1" * 30],
    "choice": ["1", "yes", "True", ""],
}


@pytest.mark.parametrize(
    ("kind", "sent"), [(kind, sent) for kind, values in REFUSED.items() for sent in values]
)
def test_anything_else_is_refused(kind: str, sent: object) -> None:
    with pytest.raises(ValidationError):
        KINDS[kind].validate_python(sent)


def test_a_document_that_is_too_deep_is_refused() -> None:
    deep: dict[str, Any] = {}
    for _ in range(40):
        deep = {"a": deep}

    with pytest.raises(ValidationError, match="deeper than 32 levels"):
        KINDS["document"].validate_python(deep)


def test_openapi_says_which_forms_are_taken() -> None:
    number, text = KINDS["money"].json_schema()["anyOf"]

    assert number == {"type": "number", "minimum": 0.0}
    assert text == {"type": "string", "pattern": "^[0-9]{1,16}(\\.[0-9]{1,2})?$"}
    assert "digits" in KINDS["money"].json_schema()["description"]
    assert KINDS["title"].json_schema()["pattern"].count("\\s") == 1
    assert "one way" in KINDS["code"].json_schema()["description"]


@pytest.mark.parametrize(("kind", "rest"), [("day", "-01-31"), ("time", "-12-31T23:59:59.123456Z")])
def test_openapi_says_which_years_are_taken(kind: str, rest: str) -> None:
    pattern = KINDS[kind].json_schema()["pattern"]

    for year in [*range(1, 20), *range(90, 110), *range(990, 1010), *range(9890, 10_000)]:
        text = f"{year:04}{rest}"
        assert bool(re.search(pattern, text)) == is_taken(kind, text), text


@pytest.mark.parametrize("sent", REFUSED["time"])
def test_openapi_says_which_times_are_taken(sent: object) -> None:
    exists = sent != "2026-02-30T12:00:00Z"  # which days a month has, ``format`` says

    found = re.search(KINDS["time"].json_schema()["pattern"], str(sent))

    assert bool(found) == (not exists)


def is_taken(kind: str, sent: object) -> bool:
    try:
        KINDS[kind].validate_python(sent)
    except ValidationError:
        return False
    return True


def test_a_type_without_a_rule_is_refused() -> None:
    with pytest.raises(TypeError, match="no rule"):
        TypeAdapter(Annotated[bytes, Exact()])


class Measured(Schema):
    tiny: Annotated[Decimal, Field(max_digits=18, decimal_places=9), Exact()]
    kept: Decimal | None = None


@pytest.mark.parametrize("sent", ["1e-9", '"0.000000001"', '"1E-9"'])
def test_what_is_small_is_written_with_all_its_digits(sent: str) -> None:
    measured = Measured.model_validate_json('{"tiny": ' + sent + ', "kept": "0.000000000"}')

    assert measured.tiny == Decimal("1E-9")
    assert measured.model_dump_json() == '{"tiny":"0.000000001","kept":"0.000000000"}'
    assert measured.model_dump()["tiny"] == Decimal("1E-9")


@pytest.mark.parametrize("sent", ["1e-10", '"1E-10"', '"1E9"', '"1e-9"'])
def test_what_is_too_small_is_refused(sent: str) -> None:
    with pytest.raises(ValidationError):
        Measured.model_validate_json('{"tiny": ' + sent + "}")
