"""What a level, modules and providers bring."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .catalog import catalog, schema


def closure(level: int, modules: Sequence[str]) -> list[str]:
    """Give the modules together with all that they and the level bring, in catalog order."""
    needs = {module["name"]: module["requires"] for module in catalog()["modules"]}
    wanted = {*modules, *catalog()["level_requires"].get(level, [])}
    while more := {need for name in wanted for need in needs[name]} - wanted:
        wanted |= more
    return [name for name in needs if name in wanted]


def providers(level: int, modules: Sequence[str], answers: Mapping[str, Any]) -> list[str]:
    """Give the providers that the answers choose and that matter with a level and modules."""
    there = {*(f"level_{number}" for number in range(1, level + 1)), *modules}
    known = schema()["properties"]
    return [
        provider["name"]
        for provider in catalog()["providers"]
        if {*provider["requires"]} <= there
        and answers.get(provider["of"], known[provider["of"]]["default"]) == provider["name"]
    ]


def layers(answers: Mapping[str, Any]) -> list[str]:
    """Give all that answers bring besides the levels: modules, then providers."""
    modules = closure(answers["level"], answers["modules"])
    return [*modules, *providers(answers["level"], modules, answers)]


def features(level: int, chosen: Sequence[str]) -> list[dict[str, Any]]:
    """Give the features of the catalog that this level and the other layers bring."""
    return brought(catalog()["features"], level, chosen)


def brought(
    entries: Iterable[dict[str, Any]], level: int, chosen: Sequence[str]
) -> list[dict[str, Any]]:
    """Keep the entries that this level and these layers bring; `with` names further modules."""
    there = {None, *chosen}
    return [
        entry
        for entry in entries
        if entry["level"] <= level
        and entry.get("module") in there
        and entry.get("provider") in there
        and there.issuperset(entry.get("with", ()))
    ]


def phases(level: int, chosen: Sequence[str]) -> list[dict[str, Any]]:
    """Give the stage-4 phases with their state and the features that are in them."""
    here = features(level, chosen)
    found = []
    for phase in catalog()["phases"]:
        inside = [feature for feature in here if feature["phase"] == phase["phase"]]
        state = "included"
        if not inside:
            state = f"from level {phase['level']}" if "level" in phase else "not requested"
        found.append({**phase, "features": inside, "state": state})
    return found
