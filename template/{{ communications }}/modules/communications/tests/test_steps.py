"""What may become of a message: every step that is allowed, and every one that is not."""

from itertools import product
from typing import Any, get_args
from uuid import UUID

import pytest

from chassis.problems import Conflict
from chassis_communications.messages import MessageState, State
from chassis_communications.steps import STEPS, step

MINE, OTHER = UUID(int=1), UUID(int=2)
STATES = get_args(State)
ALLOWED = {
    ("queued", "queued"),
    ("queued", "sending"),
    ("queued", "withheld"),
    ("queued", "failed"),
    ("sending", "sent"),
    ("sending", "failed"),
    ("sending", "unknown"),
    ("sending", "queued"),
    ("sending", "delivered"),
    ("sending", "bounced"),
    ("sending", "complained"),
    ("unknown", "queued"),
    ("unknown", "sent"),
    ("unknown", "delivered"),
    ("unknown", "bounced"),
    ("unknown", "complained"),
    ("unknown", "failed"),
    ("sent", "delivered"),
    ("sent", "bounced"),
    ("sent", "complained"),
    ("sent", "failed"),
    ("delivered", "bounced"),
    ("delivered", "complained"),
}


def stored(state: str) -> dict[str, Any]:
    return {"state": state, "attempt": MINE, "attempts": 1}


def test_every_state_has_its_steps() -> None:
    assert set(STEPS) == set(STATES)


@pytest.mark.parametrize(("before", "after"), [*product(STATES, STATES)])
def test_a_step_is_allowed_or_refused(before: str, after: str) -> None:
    to = MessageState(state=after)
    if (before, after) in ALLOWED:
        changed = step(stored(before), to)
        assert changed is not None
        assert changed["state"] == after
    elif before == after:
        assert step(stored(before), to) is None
    else:
        with pytest.raises(Conflict):
            step(stored(before), to)


def test_an_attempt_is_counted_and_begins_once() -> None:
    begun = step(stored("queued"), MessageState(state="sending", attempt=OTHER))

    assert begun == {"state": "sending", "attempt": OTHER, "attempts": 2, "reason": None}
    assert step(stored("sending"), MessageState(state="sending", attempt=MINE)) is None
    with pytest.raises(Conflict):
        step(stored("sending"), MessageState(state="sending", attempt=OTHER))


def test_only_who_made_an_attempt_ends_it() -> None:
    with pytest.raises(Conflict, match="Another attempt"):
        step(stored("sending"), MessageState(state="sent", attempt=OTHER))


@pytest.mark.parametrize("told", sorted(STEPS["sent"]))
def test_the_answer_to_a_sending_may_come_after_what_became_of_it(told: str) -> None:
    before = {**stored(told), "provider_id": None}
    sent = MessageState(state="sent", attempt=MINE, provider_id="SM1", segments=2, cost=7)

    assert step(before, sent) == {"provider_id": "SM1", "segments": 2, "cost": 7}
    for known, late in (
        ({**before, "provider_id": "SM1"}, sent),
        (before, sent.model_copy(update={"attempt": OTHER})),
        (before, sent.model_copy(update={"attempt": None})),
    ):
        with pytest.raises(Conflict):
            step(known, late)
