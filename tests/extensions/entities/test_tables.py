"""The indexes of a table: one for each filter and sort that its list offers."""

from typing import Any

import pytest

from tests.support import extension

ALWAYS = [["created_at", "id"], ["updated_at", "id"]]


def built(**field: Any) -> dict[str, Any]:
    model = extension().data_model([{"name": "thing", "fields": [{"name": "field", **field}]}])
    thing: dict[str, Any] = model["entities"][0]
    return thing


def indexed(**field: Any) -> list[list[str]]:
    indexes = [index["columns"] for index in built(**field)["indexes"]]
    assert indexes[:2] == ALWAYS
    return indexes[2:]


@pytest.mark.parametrize(
    ("field", "columns"),
    [
        ({"type": "string"}, ["field", "id"]),
        ({"type": "enum", "values": ["a", "b"]}, ["field", "id"]),
        ({"type": "decimal", "required": True}, ["field", "id"]),
        ({"type": "string", "unique": True}, ["field", "id"]),
        ({"type": "string", "unique": True, "required": True}, None),
        ({"type": "boolean"}, ["field", "created_at", "id"]),
        ({"type": "reference", "references": "thing"}, ["field", "created_at", "id"]),
        ({"type": "reference", "references": "thing", "unique": True}, None),
        ({"type": "text"}, None),
        ({"type": "json"}, None),
        ({"type": "string", "max_length": 641}, None),
    ],
)
def test_what_a_list_offers_has_an_index(field: dict[str, Any], columns: list[str] | None) -> None:
    assert indexed(**field) == ([columns] if columns else [])


def test_what_fits_into_no_index_is_not_offered() -> None:
    long, short = (built(type="string", max_length=length) for length in (641, 640))

    assert not long["filters"]
    assert "field" not in long["sort_values"]
    assert short["filters"]
    assert "field" in short["sort_values"]
