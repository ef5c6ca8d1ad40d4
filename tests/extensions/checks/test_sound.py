"""One fault does not hide another: what is sound is checked, whatever is broken beside it."""

from typing import Any

import pytest

from tests.support import brief, extension

TASK = brief()


def found(*entities: Any, **more: Any) -> list[str]:
    return [str(p) for p in extension().problems(TASK | {"entities": list(entities)} | more)]


def thing(*fields: Any, **more: Any) -> dict[str, Any]:
    return {"name": "thing", "fields": list(fields), **more}


def test_everything_is_told_at_once() -> None:
    fields = [
        {"name": "a b", "type": "string"},
        {"name": "class", "type": "strng"},
        {"name": "count", "type": "integer", "minimum": "low", "maximum": 0.5},
        {"name": "kind", "type": "enum", "values": ["x", False], "default": "z"},
        {"name": "size", "type": "integer", "default": "big", "requried": True},
        {"name": "other_id", "type": "reference", "references": "thng"},
        {"type": "text", "max_length": 2, "default": "long"},
    ]

    lines = [line.split(": ")[0].removeprefix("entities[0].") for line in found(thing(*fields))]

    assert sorted(lines) == [
        "fields[0].name",
        "fields[1].name",
        "fields[1].type",
        "fields[2].maximum",
        "fields[2].minimum",
        "fields[3].values[1]",
        "fields[4].default",
        "fields[4].requried",
        "fields[5].references",
        "fields[6].default",
        "fields[6].name",
    ]


@pytest.mark.parametrize(
    "field",
    [
        pytest.param({"name": "a1", "minimum": 3, "values": ["x"]}, id="no type"),
        pytest.param({"name": "a1", "type": 5, "references": "nobody"}, id="wrong type"),
        pytest.param({"name": "a1", "type": "enum", "values": "x"}, id="no list of values"),
        pytest.param(
            {"name": "a1", "type": "decimal", "decimal_places": "2", "minimum": 0.001}, id="places"
        ),
    ],
)
def test_what_follows_from_a_fault_is_not_told(field: dict[str, Any]) -> None:
    assert len(found(thing(field))) == 1


def test_a_name_that_is_not_known_may_be_the_one_that_is_meant() -> None:
    refers = thing({"name": "user_id", "type": "reference", "references": "user"})
    nameless = {"fields": [{"name": "email", "type": "email"}]}

    assert [line.split(":")[0] for line in found(refers, nameless)] == ["entities[1].name"]
    assert [line.split(":")[0] for line in found(refers, 7)] == ["entities[1]"]


def test_requirements_are_checked_beside_a_broken_one() -> None:
    first = {"id": "FR-001", "title": "One", "priority": "must"}
    lines = found(
        thing({"name": "title", "type": "string"}),
        functional_requirements=[first, "text", first | {"operations": ["thng.get"]}],
    )

    assert [line.split(": ")[0] for line in lines] == [
        "functional_requirements[1]",
        "functional_requirements[2].id",
        "functional_requirements[2].operations[0]",
    ]
