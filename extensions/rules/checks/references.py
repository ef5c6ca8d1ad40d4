"""References between entities."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .hints import did_you_mean
from .problem import Problem


def references(answers: Mapping[str, Any]) -> Iterator[Problem]:
    """References to nothing, and circles of which no row could be the first."""
    entities = answers.get("entities", [])
    names = [entity["name"] for entity in entities]
    for entity_index, entity in enumerate(entities):
        for index, field in enumerate(entity["fields"]):
            target = field.get("references")
            if target is not None and target not in names and "table" not in field:
                yield Problem(
                    f"entities[{entity_index}].fields[{index}].references",
                    f"names no entity; got: {target!r}, entities: {', '.join(names)}"
                    f"{did_you_mean(target, names)}",
                )
    for name in sorted(_in_required_cycle(entities)):
        yield Problem(
            f"entities[{names.index(name)}]",
            f"{name!r} is in a circle of required references, so none of it could ever be created; "
            "make one of the references optional",
        )


def _in_required_cycle(entities: Sequence[Mapping[str, Any]]) -> set[str]:
    """Name the entities from which required references lead back to themselves."""
    points_to = {
        entity["name"]: {
            field["references"]
            for field in entity["fields"]
            if field.get("required") and "references" in field
        }
        for entity in entities
    }

    def reachable(start: str) -> set[str]:
        seen: set[str] = set()
        ahead = set(points_to.get(start, ()))
        while ahead:
            name = ahead.pop()
            if name not in seen:
                seen.add(name)
                ahead |= points_to.get(name, set())
        return seen

    return {name for name in points_to if name in reachable(name)}
