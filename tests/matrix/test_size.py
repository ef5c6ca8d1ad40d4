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


def entity(number: int) -> dict[str, Any]:
    """An entity with as many fields as are allowed, and a reference to the one before."""
    fields = [
        {"name": f"long_name_of_field_{place}", **FULL[place % len(FULL)]}
        for place in range(MOST_FIELDS - 1)
    ]
    before = f"thing_{max(number - 1, 0)}"
    return {
        "name": f"thing_{number}",
        "fields": [*fields, {"name": "before_id", "type": "reference", "references": before}],
    }


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
