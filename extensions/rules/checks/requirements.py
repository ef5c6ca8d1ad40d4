"""What requirements say of each other and of the entities."""

from collections.abc import Iterator, Mapping
from typing import Any

from .hints import did_you_mean
from .problem import Problem


def requirement_ids(answers: Mapping[str, Any]) -> Iterator[Problem]:
    """Requirements that share an id."""
    lists = {
        "functional_requirements": answers.get("functional_requirements", []),
        "non_functional.constraints": answers.get("non_functional", {}).get("constraints", []),
    }
    for path, requirements in lists.items():
        seen: set[str] = set()
        for index, requirement in enumerate(requirements):
            if requirement["id"] in seen:
                yield Problem(f"{path}[{index}].id", f"{requirement['id']} is given twice")
            seen.add(requirement["id"])


def operations(answers: Mapping[str, Any]) -> Iterator[Problem]:
    """Operations of entities that are not there."""
    names = [entity["name"] for entity in answers.get("entities", [])]
    for index, requirement in enumerate(answers.get("functional_requirements", [])):
        for number, operation in enumerate(requirement.get("operations", [])):
            named = operation.split(".")[0]
            if names and named not in names:
                yield Problem(
                    f"functional_requirements[{index}].operations[{number}]",
                    f"names no entity; got: {operation!r}, entities: {', '.join(names)}"
                    f"{did_you_mean(named, names)}",
                )
