"""Levels and modules that this version has."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ..catalog import catalog, schema
from .problem import Problem


def availability(answers: Mapping[str, Any]) -> Iterator[Problem]:
    """A level or module that this version does not have yet."""
    levels = [level for level in catalog()["levels"] if level["available"]]
    offered = ", ".join(str(level["level"]) for level in levels)
    level = answers.get("level")
    if level is not None and level not in [entry["level"] for entry in levels]:
        yield Problem(
            "level", f"level {level} is not available in this version; available: {offered}"
        )
    modules = [module["name"] for module in catalog()["modules"] if module["available"]]
    for index, name in enumerate(answers.get("modules", [])):
        if name not in modules:
            offered = ", ".join(modules) or "none"
            yield Problem(
                f"modules[{index}]",
                f"module {name!r} is not available in this version; available: {offered}",
            )


def unavailable(kind: str, name: object) -> str:
    """Say why a level or module cannot be chosen yet; empty if it can."""
    answer = {"level": name} if kind == "level" else {"modules": [name]}
    return "".join(problem.message for problem in availability(answer))


def choices(kind: str) -> str:
    """Give the levels or modules as Copier offers them; one that is not there yet says why.

    Any other kind is an answer that chooses between providers; all of these are there.
    """
    if kind not in {"level", "module"}:
        return json.dumps(schema()["properties"].get(kind, {}).get("enum", []))
    offered = _levels() if kind == "level" else _modules()
    whole = {
        label: {"value": value, "validator": unavailable(kind, value)} for label, value in offered
    }
    return json.dumps(whole)


def provided(answer: str) -> str:
    """Give the provider that is taken where an answer chooses none; empty if there is none."""
    taken: str = schema()["properties"].get(answer, {}).get("default", "")
    return taken


def _levels() -> Iterator[tuple[str, int]]:
    for row in catalog()["levels"]:
        yield f"{row['level']} {row['name']} - {row['audience']}", row["level"]


def _modules() -> Iterator[tuple[str, str]]:
    for row in catalog()["modules"]:
        brings = f" (brings {', '.join(row['requires'])})" if row["requires"] else ""
        yield f"{row['title']}{brings}", row["name"]
