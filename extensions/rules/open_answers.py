"""Answers that are still open: a project can begin without them, and cannot be handed over so."""

from collections.abc import Mapping
from typing import Any

from .catalog import catalog, schema
from .entities.types import OPERATIONS
from .names import plural_of, words

LISTS = (
    "target_users",
    "success_metrics",
    "scope_in",
    "scope_out",
    "deliverables",
    "acceptance_criteria",
)


def opened(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Answers in which what may be open and is not there has a placeholder, and is named as open."""
    answered = {
        key: value
        for key, value in answers.items()
        if key != "open_answers" and key not in answers.get("open_answers", ())
    }
    placeholders = {
        **{name: [f"To be answered: {question(name)}"] for name in LISTS},
        "functional_requirements": _requirements(answered.get("entities")),
        "non_functional": _constraints(answered.get("level", 1)),
        "integrations": [],
    }
    names = schema()["properties"]["open_answers"]["items"]["enum"]
    left = [name for name in names if name not in answered]
    return {
        **answered,
        **{name: placeholders[name] for name in left},
        "open_answers": left,
    }


def question(name: str) -> str:
    """The question behind an answer."""
    return str(schema()["properties"][name]["x-question"])


def _requirements(entities: Any) -> list[dict[str, Any]]:
    """What is generated anyway: the operations of each entity."""
    named = [e for e in entities or [] if isinstance(e, Mapping) and isinstance(e.get("name"), str)]
    return [
        {
            "id": f"FR-{number:03}",
            "title": f"Create, see, list, change and delete {words(plural_of(entity))}",
            "priority": "must",
            "operations": [f"{entity['name']}.{kind}" for kind in OPERATIONS],
        }
        for number, entity in enumerate(named, 1)
    ] or [{"id": "FR-001", "title": "To be answered", "priority": "must"}]


def _constraints(level: object) -> dict[str, Any]:
    """Targets that the level can promise."""
    levels = {row["level"]: row["promises"] for row in catalog()["levels"]}
    promised = levels.get(level, levels[1])
    return {
        "p95_latency_ms": 500,
        "availability_percent": promised["availability_percent"],
        "expected_users": 1,
        "expected_requests_per_day": 1,
        "compliance": [],
    }
