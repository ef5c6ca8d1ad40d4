"""`ferrata add entity`: one more entity, from a file or asked for."""

import re
from pathlib import Path
from types import ModuleType
from typing import Any

from ferrata.answers import load
from ferrata.asking import asked_entity, on_terminal
from ferrata.base import Failure, UsageFailure
from ferrata.growing.growth import Answers, Growth
from ferrata.growing.models import plural, refuse_taken, resolved

NAME = re.compile(r"[a-z][a-z0-9_]*")
SHAPE = "`name: ...` and `fields: [...]`, as an entity in the answers"


def new_entity(given: str) -> Growth:
    """What `FILE|NAME` adds to the answers."""

    def grow(rules: ModuleType, project: Path, answers: Answers) -> Answers:
        entity = _entity(given, rules, answers)
        there = {entity["name"]: entity for entity in answers["entities"]}
        known = there.get(entity.get("name"))
        if known is not None and entity in (known, {"name": entity["name"]}):
            return answers
        if known is not None:
            raise Failure(
                f"{entity['name']!r} is an entity already, with other fields; "
                f"add a field with `ferrata add field {entity['name']} NAME:TYPE`"
            )
        return {
            **answers,
            "entities": [*answers["entities"], _settled(rules, project, answers, entity)],
        }

    return grow


def _entity(given: str, rules: ModuleType, answers: Answers) -> dict[str, Any]:
    """The entity as it was written or is answered."""
    if not NAME.fullmatch(given) or Path(given).is_file():
        return _written(Path(given))
    if any(entity["name"] == given for entity in answers["entities"]):
        return {"name": given}
    if not on_terminal():
        raise UsageFailure(f"questions about {given!r} need a terminal; give a file with {SHAPE}")
    return asked_entity(rules, answers, given)


def _written(file: Path) -> dict[str, Any]:
    entity = load(file)
    if not isinstance(entity.get("name"), str) or not isinstance(entity.get("fields"), list):
        raise Failure(f"{file} must be one entity, with {SHAPE}; got the keys: {', '.join(entity)}")
    return entity


def _settled(
    rules: ModuleType, project: Path, answers: Answers, entity: dict[str, Any]
) -> dict[str, Any]:
    """The entity with its references resolved; what is wrong in it is for the rules to say."""
    after = {**answers, "entities": [*answers["entities"], entity]}
    if any(not problem.path.endswith(".references") for problem in rules.problems(after)):
        return entity
    refuse_taken(project, plural(rules, entity))
    return {
        **entity,
        "fields": [
            # One that refers to its own kind has no table yet.
            field
            if field.get("references") == entity["name"]
            else resolved(rules, project, answers["entities"], field)
            for field in entity["fields"]
        ],
    }
