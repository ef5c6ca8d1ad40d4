"""Answers with what is broken in them put aside, so that the rules can look at all the rest."""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator

from ..catalog import schema_at
from .problem import path_text

Path = tuple[str | int, ...]

# Stand-ins for a text, by what the schema may want; the number keeps them apart.
STAND_INS = ("unfilled_{n}", "FR-{n}", "NF-{n}", "unfilled{n}@example.com")
# The shape of an answer is whole with these: the rules can count for themselves.
COUNTED = frozenset({"minItems", "maxItems", "uniqueItems", "additionalProperties"})
# What of a field cannot be judged while something else of it is broken.
JUDGED_BY = {
    "max_length": ("default",),
    "decimal_places": ("default", "minimum", "maximum"),
    "minimum": ("default",),
    "maximum": ("default",),
    "values": ("default",),
}


@dataclass(frozen=True)
class Sound:
    """Answers that the rules can read, and the paths at which they have nothing to say."""

    answers: dict[str, Any]
    broken: frozenset[str]
    nameless: bool

    def says(self, path: str) -> bool:
        """Tell whether what a rule found at a path is more than what follows from something broken."""
        if self.nameless and (path.endswith(".references") or ".operations[" in path):
            # The name that is not known may be the one that is meant.
            return False
        return not any(path == p or path.startswith((f"{p}.", f"{p}[")) for p in self.broken)


def sound(answers: Mapping[str, Any], errors: Iterable[Any]) -> Sound:
    """Put what the schema refuses aside: what may be left out goes, the rest gets a stand-in."""
    left: Any = copy.deepcopy(dict(answers))
    broken: set[Path] = set()
    for number, path in enumerate(_broken_places(errors)):
        broken.add(path)
        if len(path) == 1:
            left.pop(path[0], None)
        elif _still_there(left, path[:-1]):
            _put_aside(left, path, 900 + number)
    nameless = any(path[0] == "entities" and len(path) in {2, 3} for path in broken)
    return Sound(left, frozenset(path_text(path) for path in broken), nameless)


def _broken_places(errors: Iterable[Any]) -> list[Path]:
    """Every place with a broken value or none, the outer ones first."""
    places: set[Path] = set()
    for error in errors:
        around = tuple(error.absolute_path)
        if error.validator == "required":
            absent = [name for name in error.validator_value if name not in error.instance]
            places.update((*around, name) for name in absent)
        elif around and error.validator not in COUNTED:
            places.add(around)
    return sorted(places, key=lambda path: (len(path), str(path)))


def _still_there(answers: Any, path: Path) -> bool:
    try:
        for part in path:
            answers = answers[part]
    except (KeyError, IndexError):
        return False
    return True


def _put_aside(answers: Any, path: Path, number: int) -> None:
    *around, key = path
    inside = answers
    for part in around:
        inside = inside[part]
    if isinstance(key, str) and key not in schema_at(tuple(around)).get("required", ()):
        inside.pop(key, None)
    else:
        inside[key] = stand_in(path, number)
    if path[0] == "entities":
        _keep_what_can_be_judged(answers, path)


def _keep_what_can_be_judged(answers: Any, path: Path) -> None:
    """Without its type nothing of a field can be judged but its name."""
    match path:
        case ("entities", int(entity), "fields", int(index), str(key), *_):
            fields = answers["entities"][entity]["fields"]
            if key == "type":
                fields[index] = {"name": fields[index].get("name", ""), "type": "json"}
            for name in JUDGED_BY.get(key, ()):
                fields[index].pop(name, None)


def stand_in(path: Path, number: int = 0) -> Any:
    """A value that the schema accepts at a path and that no real answer has."""
    node = schema_at(path)
    if "enum" in node:
        return node["enum"][0]
    match node["type"]:
        case "array":
            return [stand_in((*path, 0), number) for _ in range(node.get("minItems", 0))]
        case "object":
            return {name: stand_in((*path, name), number) for name in node.get("required", ())}
        case "integer" | "number":
            return node.get("minimum", 0)
        case "boolean":
            return False
        case _:
            texts = [text.format(n=number) for text in STAND_INS]
            return next(text for text in texts if Draft202012Validator(node).is_valid(text))
