"""Contradictions in valid answers: found, and answered with a recommendation."""

from copy import deepcopy
from typing import Any

import pytest

from tests.support import answers_of, extension

TASK = answers_of("task_manager")


def warnings(**changes: Any) -> list[str]:
    answers = deepcopy(TASK) | changes
    assert extension().problems(answers) == []
    return [str(warning) for warning in extension().warnings(answers)]


def requirement(**more: Any) -> dict[str, Any]:
    return {"id": "FR-009", "title": "Notify", "priority": "must"} | more


def test_the_task_manager_contradicts_nothing() -> None:
    assert warnings() == []


@pytest.mark.parametrize(
    ("changes", "path", "advice"),
    [
        pytest.param(
            {"integrations": [{"name": "Stripe", "purpose": "Take payments"}]},
            "integrations[0]: speaks of 'stripe'",
            "the module 'payments'",
            marks=pytest.mark.about("payments"),
            id="integration",
        ),
        pytest.param(
            {"functional_requirements": [requirement(acceptance="A Telegram message arrives.")]},
            "functional_requirements[0]: speaks of 'telegram'",
            "the module 'bot'",
            marks=pytest.mark.about("bot"),
            id="requirement",
        ),
        pytest.param(
            {"scope_in": ["WebSockets for live boards"]},
            "scope_in[0]: speaks of 'websocket'",
            "the module 'realtime'",
            marks=pytest.mark.about("realtime"),
            id="scope",
        ),
        pytest.param(
            {"non_functional": TASK["non_functional"] | {"availability_percent": 99.9}},
            "non_functional.availability_percent: 99.9 % is more than level 1 can promise (99 %)",
            "level 3 (Pre-Production) is made for it",
            id="availability",
        ),
        pytest.param(
            {"non_functional": TASK["non_functional"] | {"expected_users": 50_000}},
            "non_functional.expected_users: 50000 users",
            "consider level 4 (Production)",
            id="users",
        ),
        pytest.param(
            {"non_functional": TASK["non_functional"] | {"compliance": ["GDPR"]}},
            "non_functional.compliance: GDPR",
            "level 4 (Production) has access control and an audit log",
            id="compliance",
        ),
    ],
)
def test_a_contradiction_comes_with_advice(changes: dict[str, Any], path: str, advice: str) -> None:
    found = warnings(**changes)

    assert len(found) == 1
    assert found[0].startswith(path)
    assert advice in found[0]


def test_what_is_descoped_contradicts_nothing() -> None:
    gone = {"reason": "later", "approved_by": "the owner"}

    assert warnings(functional_requirements=[requirement(title="Telegram", descoped=gone)]) == []


def test_words_inside_other_words_are_no_signs() -> None:
    assert warnings(scope_in=["Mechanisms and smsomething"]) == []
