"""Sample data: what the fields take, and nothing that refers to what is not there."""

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.support import PROJECTS, answers_of, extension, room


def samples(of: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    model = extension().data_model(of)
    return {entity["plural"]: json.loads(entity["sample_data"]) for entity in model["entities"]}


def entity(name: str, *fields: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "fields": list(fields)}


@pytest.mark.parametrize("name", PROJECTS)
def test_every_record_is_one_that_the_fields_take(name: str) -> None:
    of = answers_of(name)["entities"]
    model = extension().data_model(of)
    made = samples(of)

    for one, built in zip(of, model["entities"], strict=True):
        records = made[built["plural"]]
        targets = {field["name"]: field["reference"] for field in built["references"]}
        for field in one["fields"]:
            values = [record[field["name"]] for record in records if field["name"] in record]
            assert len(values) == len(records) or not field.get("required")
            if field.get("unique"):
                assert len({str(value) for value in values}) == len(values)
            for value in values:
                takes(field, value, made.get(targets.get(field["name"], ""), []))


def takes(field: dict[str, Any], value: Any, targets: list[dict[str, Any]]) -> None:
    types = room("entities.types")
    match field["type"]:
        case "string" | "text":
            assert 0 < len(value) <= types.length_of(field)
        case "integer" | "decimal":
            lowest, highest = types.bounds(field)
            assert lowest <= Decimal(value) <= highest
        case "enum":
            assert value in field["values"]
        case "reference":
            assert 1 <= int(value.rpartition("/")[2]) <= len(targets)
        case _:
            assert value is not None


def test_a_record_refers_to_one_that_is_there() -> None:
    made = samples(
        [
            entity(
                "loan",
                {"name": "book", "type": "reference", "references": "book", "required": True},
            ),
            entity("book", {"name": "title", "type": "string", "required": True}),
        ]
    )
    assert [record["book"] for record in made["loans"]] == ["@books/1", "@books/2", "@books/3"]
    assert made["books"][1] == {"title": "Title 2"}


def test_what_needs_itself_has_no_records() -> None:
    made = samples(
        [
            entity(
                "node",
                {"name": "parent", "type": "reference", "references": "node", "required": True},
            )
        ]
    )
    assert made == {"nodes": []}


def test_a_unique_field_bounds_the_number_of_records() -> None:
    made = samples([entity("flag", {"name": "on", "type": "boolean", "unique": True})])
    assert made == {"flags": [{"on": True}, {"on": False}]}


def test_numbers_are_spread_where_there_is_little_room() -> None:
    rate = {"name": "rate", "type": "decimal", "minimum": 0, "maximum": 1, "required": True}
    made = samples([entity("offer", rate)])
    assert [record["rate"] for record in made["offers"]] == ["0.25", "0.50", "0.75"]
