"""`ferrata add field`: more fields of an entity that is there."""

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

from ferrata.base import Failure, UsageFailure
from ferrata.growing.growth import Answers, Growth
from ferrata.growing.models import plural, refuse_column, resolved

# What a type is said with at once: `state:enum=open:closed`, `user_id:reference=user`.
AT_ONCE = {"enum": "values", "reference": "references"}
SHAPE = "NAME:TYPE[,KEY=VALUE]..., such as note:text or state:enum=open:closed,default=open"
HOW = "docs/how-to/change-a-field.md"


def new_fields(entity: str, given: Sequence[str]) -> Growth:
    """What `ENTITY NAME:TYPE...` adds to the answers."""
    fields = [_field(text) for text in given]

    def grow(rules: ModuleType, project: Path, answers: Answers) -> Answers:
        entities = answers["entities"]
        if entity not in [each["name"] for each in entities]:
            names = ", ".join(each["name"] for each in entities)
            raise Failure(f"{entity!r} is no entity of the project; its entities: {names}")
        changed = [
            _with(rules, project, entities, each, fields) if each["name"] == entity else each
            for each in entities
        ]
        return {**answers, "entities": changed}

    return grow


def _with(
    rules: ModuleType,
    project: Path,
    entities: list[dict[str, Any]],
    entity: dict[str, Any],
    fields: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    there = {field["name"]: field for field in entity["fields"]}
    new = []
    for field in fields:
        known = there.get(field["name"])
        if known is None:
            refuse_column(project, plural(rules, entity), entity["name"], field["name"])
            _refuse_unsafe(entity["name"], field)
            new.append(resolved(rules, project, entities, field))
        elif known != field and {**field, "table": known.get("table")} != known:
            raise Failure(
                f"{entity['name']} has a field {field['name']!r} already, of type {known['type']}; "
                f"change it in the code: {HOW}"
            )
    return {**entity, "fields": [*entity["fields"], *new]}


def _refuse_unsafe(entity: str, field: dict[str, Any]) -> None:
    """Stop at what a table with records cannot take."""
    name = field["name"]
    if field.get("required"):
        raise Failure(
            f"{name}: the records that are there have no value for a required field; add it in two "
            f"steps: now without `required` (`ferrata add field {entity} {name}:{field['type']}`), "
            f"or with a default, and make it required once every record has one ({HOW})"
        )
    if field.get("unique") and "default" in field:
        raise Failure(
            f"{name}: all records that are there would have the same default in a unique field; "
            "leave out `default` or `unique`"
        )


def _field(text: str) -> dict[str, Any]:
    """`rating:integer,minimum=1` as a field of the answers."""
    name, colon, rest = text.partition(":")
    kind, *options = rest.split(",")
    kind, equals, at_once = kind.partition("=")
    if not (name and colon and kind) or (equals and kind not in AT_ONCE):
        raise UsageFailure(f"a field must be {SHAPE}; got: {text!r}")
    field: dict[str, Any] = {"name": name, "type": kind}
    if equals:
        field[AT_ONCE[kind]] = _value(AT_ONCE[kind], at_once)
    for option in options:
        key, equals, value = option.partition("=")
        field[key.strip()] = _value(key.strip(), value) if equals else True
    return field


def _value(key: str, text: str) -> Any:
    if key == "values":
        return text.split(":")
    if key == "references":
        return text
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        raise UsageFailure(f"{key} must be a number, a text or true; got: {text!r}") from None
