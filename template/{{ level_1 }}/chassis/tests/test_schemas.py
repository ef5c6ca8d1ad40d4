"""Pieces of which the data that services exchange is made."""

from typing import Annotated

import pytest
from pydantic import TypeAdapter, ValidationError, field_validator

from chassis.schemas import ListQuery, NotNull, Page, Schema, Url, not_null

url = TypeAdapter(Url)


class Changes(Schema):
    title: Annotated[str | None, NotNull()] = None
    note: str | None = None
    size: int | None = None

    _size_is_not_null = field_validator("size")(not_null)


@pytest.mark.parametrize(
    "text", ["http://example.org", "https://example.org:8/a?b=c#d", "HTTPS://Example.org"]
)
def test_a_url_is_kept_as_it_was_written(text: str) -> None:
    assert url.validate_python(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.org",
        "ftp://example.org",
        "javascript:alert(1)",
        "http://",
        " http://example.org",
        "http://example.org/\n",
        "http://example.org/a b",
        "http://example.org/" + "a" * 3000,
    ],
)
def test_anything_else_is_no_url(text: str) -> None:
    with pytest.raises(ValidationError):
        url.validate_python(text)


def test_a_url_is_documented_as_one() -> None:
    assert url.json_schema() == {"type": "string", "format": "uri", "maxLength": 2048}


def test_a_change_may_leave_fields_out() -> None:
    assert Changes().model_dump(exclude_unset=True) == {}
    assert Changes(note=None).model_dump(exclude_unset=True) == {"note": None}
    assert Changes(title="a", size=1).model_dump() == {"title": "a", "note": None, "size": 1}


@pytest.mark.parametrize("field", ["title", "size"])
def test_a_change_to_null_is_refused(field: str) -> None:
    with pytest.raises(ValidationError, match="must not be null"):
        Changes.model_validate({field: None})


def test_null_is_not_documented_where_it_is_refused() -> None:
    properties = Changes.model_json_schema()["properties"]

    assert properties["title"] == {"default": None, "title": "Title", "type": "string"}
    assert {"type": "null"} in properties["note"]["anyOf"]


def test_several_kinds_are_documented_without_null() -> None:
    schema = TypeAdapter(Annotated[int | str | None, NotNull()]).json_schema()

    assert schema == {"anyOf": [{"type": "integer"}, {"type": "string"}]}
    assert TypeAdapter(Annotated[int, NotNull()]).json_schema() == {"type": "integer"}


@pytest.mark.parametrize(
    "values", [{"limit": 0}, {"limit": 101}, {"cursor": "a" * 513}, {"unknown": 1}]
)
def test_a_list_is_bounded(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ListQuery.model_validate(values)


def test_a_list_has_defaults() -> None:
    assert ListQuery() == ListQuery(limit=20, cursor=None, sort="-created_at")


def test_a_page_is_the_last_unless_it_says_otherwise() -> None:
    page = Page[int].model_validate_json('{"items": [1, 2]}')

    assert (page.items, page.next_cursor) == ([1, 2], None)
