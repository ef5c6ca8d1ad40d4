"""What an existing project cannot change."""

from collections.abc import Mapping
from typing import Any

from .problem import Problem, excerpt

# What names services and packages; a project that is there keeps it.
FIXED = ("context", "domain", "function", "function_reason")


def refused_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Problem]:
    """List the answers that an existing project cannot change."""
    found = [
        Problem(key, f"cannot change in a project; it stays {excerpt(before.get(key, ''))}")
        for key in FIXED
        if before.get(key, "") != after.get(key, "")
    ]
    if before["entities"] != after["entities"]:
        found.append(
            Problem(
                "entities",
                "seeded the project, its code is yours now; add to them with `ferrata add entity` "
                "or `ferrata add field`, and change what is there in the code",
            )
        )
    if after["level"] < before["level"]:
        found.append(
            Problem(
                "level",
                f"{after['level']} is below the project's level {before['level']}; "
                "a level is never lowered",
            )
        )
    removed = [name for name in before["modules"] if name not in after["modules"]]
    found += [
        Problem("modules", f"{name!r} is in the project; no module is taken out")
        for name in removed
    ]
    return found
