"""What a level and modules bring."""

from collections.abc import Iterable, Sequence
from typing import Any

from .catalog import catalog


def closure(level: int, modules: Sequence[str]) -> list[str]:
    """Give the modules together with all that they and the level bring, in catalog order."""
    needs = {module["name"]: module["requires"] for module in catalog()["modules"]}
    wanted = {*modules, *catalog()["level_requires"].get(level, [])}
    while more := {need for name in wanted for need in needs[name]} - wanted:
        wanted |= more
    return [name for name in needs if name in wanted]


def features(level: int, modules: Sequence[str]) -> list[dict[str, Any]]:
    """Give the features of the catalog that this level and these modules bring."""
    return brought(catalog()["features"], level, modules)


def brought(
    entries: Iterable[dict[str, Any]], level: int, modules: Sequence[str]
) -> list[dict[str, Any]]:
    """Keep the entries that this level and these modules bring; `with` names further modules."""
    return [
        entry
        for entry in entries
        if entry["level"] <= level
        and entry.get("module") in {None, *modules}
        and {*entry.get("with", ())} <= {*modules}
    ]


def phases(level: int, modules: Sequence[str]) -> list[dict[str, Any]]:
    """Give the stage-4 phases with their state and the features that are in them."""
    chosen = features(level, modules)
    found = []
    for phase in catalog()["phases"]:
        inside = [feature for feature in chosen if feature["phase"] == phase["phase"]]
        state = "included"
        if not inside:
            state = f"from level {phase['level']}" if "level" in phase else "not requested"
        found.append({**phase, "features": inside, "state": state})
    return found
