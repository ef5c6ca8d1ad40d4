"""The names that services and packages are made of."""

from collections.abc import Iterator, Mapping
from typing import Any

from ..selection import closure
from . import reserved
from .problem import Problem


def function_needs_reason(answers: Mapping[str, Any]) -> Iterator[Problem]:
    """A fourth part of the name is there for a reason, or not at all."""
    if answers.get("function") and not answers.get("function_reason"):
        yield Problem(
            "function_reason",
            "is missing.",
            "Why is {context}_{domain} ambiguous, so that the name needs a fourth part?",
        )
    if answers.get("function_reason") and not answers.get("function"):
        yield Problem(
            "function_reason", "is only used with `function`; remove it or add `function`"
        )


def service_names(answers: Mapping[str, Any]) -> Iterator[Problem]:
    """Names that would take that of a data service or of a package."""
    if answers.get("domain") == "data" and answers.get("function") in {"postgres", "mongo"}:
        yield Problem(
            "function", "would give the business API the name of a data service; choose another"
        )
    for key in ("context", "domain", "function"):
        if answers.get(key) in reserved.FOREIGN_PACKAGES:
            yield Problem(key, f"{answers[key]!r} is the name of a package of every project")
    if f"{answers.get('context')}_".startswith(reserved.ROLES):
        yield Problem(
            "context", f"{answers['context']!r} begins names that PostgreSQL keeps for itself"
        )
    chosen = {"PostgreSQL", *closure(answers.get("level", 1), answers.get("modules", []))}
    for server, databases in reserved.DATABASES.items():
        if server in chosen and answers.get("context") in databases:
            yield Problem(
                "context",
                f"{answers['context']!r} is the name of a database that the server keeps for itself; "
                "choose another",
            )
    if answers.get("context") in reserved.BROKER:
        yield Problem(
            "context", f"{answers['context']!r} begins names that RabbitMQ keeps for itself"
        )
