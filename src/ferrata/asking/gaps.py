"""What is missing in a set of answers, and what a new answer would break."""

import copy
import re
from collections.abc import Mapping
from types import ModuleType
from typing import Any

# A place in the answers: ("entities", 0, "name").
AnswerPath = tuple[str | int, ...]


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
    if not path:
        return dict(value)
    result = copy.deepcopy(dict(answers))
    inside = at(result, path[:-1])
    if isinstance(inside, list) and path[-1] == len(inside):
        inside.append(value)
    else:
        inside[path[-1]] = value
    return result


def without(answers: Mapping[str, Any], path: AnswerPath) -> dict[str, Any]:
    """A copy of the answers that ends before the path, or says nothing there."""
    result = copy.deepcopy(dict(answers))
    if not path:
        return result
    inside = at(result, path[:-1])
    match path[-1]:
        case int(index):
            del inside[index:]
        case name:
            inside.pop(name, None)
    return result


def missing(rules: ModuleType, answers: Mapping[str, Any]) -> list[Any]:
    """The problems that an answer would mend, in order."""
    return [problem for problem in rules.problems(answers) if problem.missing]


def wrong(rules: ModuleType, answers: Mapping[str, Any]) -> list[Any]:
    """The problems that only a change of what is there would mend."""
    return [problem for problem in rules.problems(answers) if not problem.missing]


def broken_by(
    rules: ModuleType, answers: Mapping[str, Any], path: AnswerPath, value: Any
) -> list[str]:
    """What would be wrong with a value at a path, and is not without it.

    What other answers say of this one is their fault, not its own.
    """
    known = {problem.path for problem in wrong(rules, without(answers, path))}
    return [
        problem.message if problem.path == text_of(path) else f"{problem.path}: {problem.message}"
        for problem in wrong(rules, put(answers, path, value))
        if problem.path not in known and (not path or path_of(problem.path)[0] == path[0])
    ]
