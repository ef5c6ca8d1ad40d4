"""What is missing in a set of answers, and what a new answer would break."""

import copy
import re
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from jsonschema import Draft202012Validator

# A place in the answers: ("entities", 0, "name").
AnswerPath = tuple[str | int, ...]

# Stand-ins for a missing text, by what the schema may want; the number keeps them apart.
STAND_INS = ("unfilled_{n}", "FR-{n}", "NF-{n}", "unfilled{n}@example.com")


def path_of(text: str) -> AnswerPath:
    """`entities[0].name` -> ("entities", 0, "name")."""
    return tuple(int(part) if part.isdecimal() else part for part in re.findall(r"[^.\[\]]+", text))


def text_of(path: AnswerPath) -> str:
    """("entities", 0, "name") -> `entities[0].name`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).removeprefix(".")


def at(answers: Mapping[str, Any], path: AnswerPath) -> Any:
    """The value at a path."""
    value: Any = answers
    for part in path:
        value = value[part]
    return value


def put(answers: Mapping[str, Any], path: AnswerPath, value: Any) -> dict[str, Any]:
    """A copy of the answers with the value at the path."""
    result = copy.deepcopy(dict(answers))
    inside = at(result, path[:-1])
    if isinstance(inside, list) and path[-1] == len(inside):
        inside.append(value)
    else:
        inside[path[-1]] = value
    return result


def schema_at(root: Mapping[str, Any], path: AnswerPath) -> dict[str, Any]:
    """What the schema says of a path, references followed."""
    node = dict(root)
    for part in path:
        node = node["items"] if isinstance(part, int) else node["properties"][part]
        if "$ref" in node:
            own = {key: value for key, value in node.items() if key != "$ref"}
            node = {**root["$defs"][node["$ref"].rpartition("/")[2]], **own}
    return node


def missing(rules: ModuleType, answers: Mapping[str, Any]) -> list[Any]:
    """The problems that an answer would mend, in order.

    Rules look at complete entities only; what they miss shows once the gaps have stand-ins.
    """
    found = [problem for problem in rules.problems(answers) if problem.missing]
    whole, _ = filled(rules, answers)
    known = {problem.path for problem in found}
    later = [p for p in rules.problems(whole) if p.missing and p.path not in known]
    return found + later


def wrong(rules: ModuleType, answers: Mapping[str, Any]) -> list[Any]:
    """The problems that only a change of what is there would mend."""
    return [problem for problem in rules.problems(answers) if not problem.missing]


def filled(rules: ModuleType, answers: Mapping[str, Any]) -> tuple[dict[str, Any], set[str]]:
    """The answers with stand-ins for what is missing inside of them, and their paths."""
    whole, paths = dict(answers), set()
    for number, path in enumerate(_inner_gaps(rules, answers)):
        node = schema_at(rules.schema(), path)
        whole = put(whole, path, stand_in(rules.schema(), node, path, 900 + number))
        paths.add(path)
    return whole, {text_of(path) for path in paths}


def _inner_gaps(rules: ModuleType, answers: Mapping[str, Any]) -> Iterator[AnswerPath]:
    """Gaps that hide the rest of an answer from the rules: what its mappings must have."""
    for error in Draft202012Validator(rules.schema()).iter_errors(dict(answers)):
        if error.validator == "required" and error.absolute_path:
            absent = [name for name in error.validator_value if name not in error.instance]
            # jsonschema gives one error for each absent name; the same path twice does no harm.
            yield from ((*error.absolute_path, name) for name in absent)


def stand_in(
    root: Mapping[str, Any], node: Mapping[str, Any], path: AnswerPath, number: int
) -> Any:
    """A value that the schema accepts and that no real answer has."""
    if "enum" in node:
        return node["enum"][0]
    match node["type"]:
        case "array":
            item = schema_at(root, (*path, 0))
            least = node.get("minItems", 0)
            return [stand_in(root, item, (*path, 0), number) for _ in range(least)]
        case "object":
            return {
                name: stand_in(root, schema_at(root, (*path, name)), (*path, name), number)
                for name in node["required"]
            }
        case "integer" | "number":
            return node.get("minimum", 0)
        case "boolean":
            return False
        case _:
            texts = [text.format(n=number) for text in STAND_INS]
            return next(text for text in texts if Draft202012Validator(node).is_valid(text))


def broken_by(
    rules: ModuleType, answers: Mapping[str, Any], path: AnswerPath, value: Any
) -> list[str]:
    """What would be wrong with a value at a path, given everything else.

    Only what the value itself brings counts: a stand-in in its place shows what was there before.
    """
    node = schema_at(rules.schema(), path)
    neutral = stand_in(rules.schema(), node, path, 899)
    before, _ = filled(rules, put(answers, path, neutral))
    known = {problem.path for problem in wrong(rules, before)}
    candidate = put(answers, path, value)
    after, stood_in = filled(rules, candidate)
    around = text_of(path[:-1])
    # In a mapping that is complete now, every fault has to do with what was said last.
    complete = not any(_inside(gap, around) for gap in stood_in)
    return [
        problem.message if problem.path == text_of(path) else f"{problem.path}: {problem.message}"
        for problem in wrong(rules, after)
        if problem.path not in stood_in
        and (problem.path not in known or (complete and _inside(problem.path, around)))
    ]


def _inside(path: str, around: str) -> bool:
    return path.startswith((f"{around}.", f"{around}["))
