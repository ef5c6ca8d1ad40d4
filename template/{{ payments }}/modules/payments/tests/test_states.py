"""A payment comes to what is written in the steps, and to nothing else."""

from itertools import product
from typing import get_args

import pytest

from chassis_payments.states import OPEN, STEPS, State, step

STATES: tuple[State, ...] = get_args(State.__value__ if hasattr(State, "__value__") else State)

# By hand, so that a change of the steps has to be meant.
ALLOWED = {
    *product(["pending"], ["processing", "unknown", "completed", "failed", "canceled", "expired"]),
    *product(["processing"], ["completed", "failed", "canceled", "expired"]),
    *product(["unknown"], ["pending", "processing", "completed", "failed", "canceled", "expired"]),
    *product(["failed"], ["processing", "completed"]),
    ("canceled", "completed"),
    ("expired", "completed"),
}


@pytest.mark.parametrize(("now", "seen"), list(product(STATES, STATES)))
def test_every_step_is_allowed_or_changes_nothing(now: State, seen: State) -> None:
    assert step(now, seen) == (seen if (now, seen) in ALLOWED else now)


def test_every_state_is_known_and_no_failure_follows_the_money() -> None:
    assert set(STEPS) == set(STATES)
    assert not STEPS["completed"]
    assert {"pending", "processing", "unknown"} == OPEN
    assert all("completed" in STEPS[one] for one in STATES if one != "completed")
