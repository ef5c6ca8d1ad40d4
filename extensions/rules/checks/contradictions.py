"""What contradicts itself in valid answers."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..catalog import catalog
from ..selection import closure
from .problem import Problem


def warnings(answers: Mapping[str, Any]) -> list[Problem]:
    """List what contradicts itself in valid answers, each with a recommendation.

    `message` says what was found and what to do; nothing of it stops a generation.
    """
    return [*_unasked_modules(answers), *_broken_promises(answers)]


def _unasked_modules(answers: Mapping[str, Any]) -> Iterator[Problem]:
    """Find words that hint at a module which is not chosen."""
    chosen = closure(answers["level"], answers["modules"])
    for path, text in _spoken(answers):
        for module in catalog()["modules"]:
            sign = sign_of(module, text)
            if sign and module["name"] not in chosen:
                yield Problem(
                    path,
                    f"speaks of {sign!r} without the module {module['name']!r} ({module['title']}); "
                    "choose the module, or say how else it is done",
                )


def sign_of(module: Mapping[str, Any], text: str) -> str | None:
    """Find a word that hints at a module."""
    found = (sign for sign in module["signs"] if re.search(rf"\b{sign}s?\b", text.lower()))
    return next(found, None)


def _spoken(answers: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The texts that say what the system does, by path; what was descoped is not done."""
    for index, requirement in enumerate(answers["functional_requirements"]):
        if "descoped" not in requirement:
            text = f"{requirement['title']} {requirement.get('acceptance', '')}"
            yield f"functional_requirements[{index}]", text
    for index, integration in enumerate(answers["integrations"]):
        yield f"integrations[{index}]", f"{integration['name']} {integration['purpose']}"
    for index, text in enumerate(answers["scope_in"]):
        yield f"scope_in[{index}]", text


def _broken_promises(answers: Mapping[str, Any]) -> Iterator[Problem]:
    """Find targets that the chosen level cannot be expected to hold."""
    target, levels = answers["non_functional"], catalog()["levels"]
    promises = next(entry for entry in levels if entry["level"] == answers["level"])["promises"]

    def advised(holds: Callable[[dict[str, Any]], bool]) -> str:
        fitting = [e for e in levels if holds(e["promises"])]
        return f"level {fitting[0]['level']} ({fitting[0]['name']})" if fitting else "no level"

    available = target["availability_percent"]
    if available > promises["availability_percent"]:
        advice = advised(lambda p: p["availability_percent"] >= available)
        yield Problem(
            "non_functional.availability_percent",
            f"{available} % is more than level {answers['level']} can promise "
            f"({promises['availability_percent']} %); {advice} is made for it",
        )
    users = target["expected_users"]
    if promises["users"] is not None and users > promises["users"]:
        advice = advised(lambda p: p["users"] is None or p["users"] >= users)
        yield Problem(
            "non_functional.expected_users",
            f"{users} users are more than level {answers['level']} is made for "
            f"({promises['users']}); consider {advice}",
        )
    if target["compliance"] and not promises["compliance"]:
        advice = advised(lambda p: p["compliance"])
        yield Problem(
            "non_functional.compliance",
            f"{', '.join(target['compliance'])}: {advice} has access control and an audit log",
        )
