"""The published JSON schema: valid by itself, and the examples are valid by it."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from tests.support import EXAMPLES, ODD, ROOT, answers_of, extension

FILE = ROOT / "docs/schemas/answers.schema.json"
SCHEMA: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
MODELINE = "# yaml-language-server: $schema="


def test_the_schema_is_a_valid_one() -> None:
    assert SCHEMA["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", [*EXAMPLES, *ODD])
def test_answers_are_valid_by_the_schema_alone(name: str) -> None:
    validator = Draft202012Validator(SCHEMA, format_checker=FormatChecker())
    assert [error.message for error in validator.iter_errors(answers_of(name))] == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_editors_find_the_schema_of_an_example(name: str) -> None:
    example = ROOT / "examples" / name / "answers.yml"
    first = example.read_text("utf-8").split("\n", 1)[0]
    assert first.startswith(MODELINE)
    assert (example.parent / first.removeprefix(MODELINE)).resolve() == FILE


def test_everything_mandatory_has_its_question() -> None:
    """Also inside of lists and mappings."""
    assert list(_without_question(SCHEMA, "answers")) == []


def _without_question(node: dict[str, Any], where: str) -> list[str]:
    found = [
        f"{where}.{name}"
        for name in node.get("required", [])
        if not node["properties"][name].get("x-question", "").strip()
    ]
    inner = {**node.get("properties", {}), **node.get("$defs", {}), "[]": node.get("items", {})}
    for name, entry in inner.items():
        found += _without_question(entry, f"{where}.{name}") if entry else []
    return found


def test_the_published_schema_is_that_of_the_check() -> None:
    assert extension().schema() == SCHEMA


def test_the_schema_knows_the_modules() -> None:
    validator = Draft202012Validator(SCHEMA)
    wrong = answers_of("task_manager") | {"modules": ["rediss"]}
    assert [list(error.absolute_path) for error in validator.iter_errors(wrong)] == [["modules", 0]]
