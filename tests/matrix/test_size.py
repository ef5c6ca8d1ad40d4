"""The largest answers that are allowed give sound code: what would grow too long is split."""

import json
from typing import Any

import pytest

from ferrata.planning import Combination
from tests import turns
from tests.matrix.proof import prove
from tests.support import LEVELS, MODULES, ROOT, answers_of, extension

SCHEMA = json.loads((ROOT / "schemas/answers.schema.json").read_text("utf-8"))
MOST_ENTITIES = SCHEMA["properties"]["entities"]["maxItems"]
MOST_FIELDS = SCHEMA["$defs"]["entity"]["properties"]["fields"]["maxItems"]
ENUM = SCHEMA["$defs"]["field"]["properties"]["values"]
# As many and as long as are allowed.
VALUES = [
    f"{number:02}{'x' * ENUM['items']['maxLength']}"[: ENUM["items"]["maxLength"]]
    for number in range(ENUM["maxItems"])
]
# The fields with most to say: each with rules, columns and checks of its own.
FULL: list[dict[str, Any]] = [
    {"type": "string", "required": True, "max_length": 40},
    {"type": "integer", "required": True, "minimum": 1, "maximum": 9},
    {"type": "decimal", "required": True, "minimum": 0, "maximum": 5, "unique": True},
    {"type": "json", "required": True},
    {"type": "email", "required": True, "unique": True},
    {"type": "enum", "values": VALUES, "default": VALUES[0]},
]
OPERATIONS = ("create", "get", "list", "update", "delete")
# What is written down of a product, in lists and texts.
WRITTEN = (
    "problem",
    "target_users",
    "success_metrics",
    "functional_requirements",
    "integrations",
    "scope_in",
    "scope_out",
    "deliverables",
    "acceptance_criteria",
    "risks",
    "open_questions",
)


def entity(number: int) -> dict[str, Any]:
    """An entity with as many fields as are allowed, and a reference to the one before.

    Its names are as long as is allowed, too.
    """
    fields = [
        {"name": f"a_field_with_a_long_name_{place:03}", **FULL[place % len(FULL)]}
        for place in range(MOST_FIELDS - 1)
    ]
    before = f"a_thing_with_a_long_name_{max(number - 1, 0):03}"
    return {
        "name": f"a_thing_with_a_long_name_{number:03}",
        "fields": [*fields, {"name": "before_id", "type": "reference", "references": before}],
    }


def written(schema: dict[str, Any], number: int = 0) -> Any:
    """As much text as the schema of an answer allows; of what is no text, the first choice."""
    if "enum" in schema:
        return schema["enum"][0]
    if "items" in schema:
        return [written(schema["items"], n) for n in range(schema["maxItems"])]
    if "properties" in schema:
        return {key: written(one, number) for key, one in schema["properties"].items()}
    if "maxLength" not in schema:
        return f"FR-{number:03}"
    return f"{number}. {'One word after another, ' * 1000}"[: schema["maxLength"] - 1] + "."


def longest(entities: list[dict[str, Any]]) -> dict[str, Any]:
    """Every list and text as long as is allowed, and every requirement met by many operations."""
    named = [f"{one['name']}.{does}" for one in entities for does in OPERATIONS]
    properties = SCHEMA["properties"]
    answers = {name: written(properties[name]) for name in WRITTEN}
    most = properties["functional_requirements"]["items"]["properties"]["operations"]["maxItems"]
    for requirement in answers["functional_requirements"]:
        requirement["operations"] = named[:most]
        del requirement["descoped"]  # or no test would name it
    return answers | {"entities": entities}


def told(number: int) -> list[str]:
    """What is wrong with a project of so many entities, with all that belongs to them."""
    answers = answers_of("task_manager") | {"entities": [entity(n) for n in range(number)]}
    for requirement in answers["functional_requirements"]:
        requirement.pop("operations", None)
    answers |= {"level": LEVELS[-1], "modules": MODULES}
    assert extension().problems(answers) == []
    return prove(ROOT, answers, [Combination(LEVELS[-1], tuple(MODULES))], processes=1).told()


@turns.proofs
def test_a_record_with_most_fields_is_sound() -> None:
    assert told(2) == []


@pytest.mark.long
def test_most_entities_with_most_fields_are_sound() -> None:
    assert told(MOST_ENTITIES) == []
