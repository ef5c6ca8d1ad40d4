"""What may become of a message, and what is kept of each step."""

from collections.abc import Mapping
from typing import Any

from chassis.problems import Conflict
from chassis_communications.messages import MessageState

STEPS: Mapping[str, frozenset[str]] = {
    "queued": frozenset({"queued", "sending", "withheld", "failed"}),
    "sending": frozenset(
        {"sent", "failed", "unknown", "queued", "delivered", "bounced", "complained"}
    ),
    "unknown": frozenset({"queued", "sent", "delivered", "bounced", "complained", "failed"}),
    "sent": frozenset({"delivered", "bounced", "complained", "failed"}),
    "delivered": frozenset({"bounced", "complained"}),
    "bounced": frozenset(),
    "complained": frozenset(),
    "failed": frozenset(),
    "withheld": frozenset(),
}
"""From each state, those that may follow: a bounce may come after a delivery, and never before one."""
NOT_YOURS = "Another attempt is under way, or was made since."


def step(stored: Mapping[str, Any], to: MessageState) -> dict[str, Any] | None:
    """Give what changes; None where it is so already. Raises Conflict for what may not follow.

    An attempt begins by being named, and only who names it ends it; a provider, who names none, may
    tell of any. What is queued is only put off.
    """
    state, attempt = stored["state"], stored["attempt"]
    if to.state == state != "queued" and to.attempt in {None, attempt}:
        return None
    if to.state not in STEPS[state]:
        raise Conflict(f"A message that is {state} cannot become {to.state}.")
    if to.state != "sending" and to.attempt not in {None, attempt}:
        raise Conflict(NOT_YOURS)
    begun = {"attempts": stored["attempts"] + 1} if to.state == "sending" else {}
    return {**to.model_dump(exclude_none=True), "reason": to.reason, **begun}
