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
DETAILS = {"provider_id", "segments", "cost"}
"""What the answer to a sending tells."""
NOT_YOURS = "Another attempt is under way, or was made since."


def step(stored: Mapping[str, Any], to: MessageState) -> dict[str, Any] | None:
    """Give what changes; None where it is so already. Raises Conflict for what may not follow.

    An attempt begins by being named, and only who names it ends it; a provider, who names none, may
    tell of any. What is queued is only put off. What becomes of a message may be told before the
    answer to its sending is recorded: then the answer adds its details, once.
    """
    state, attempt = stored["state"], stored["attempt"]
    late = to.state == "sent" and state in STEPS["sent"]
    if late and to.attempt is not None and to.attempt == attempt and not stored["provider_id"]:
        return to.model_dump(include=DETAILS, exclude_none=True)
    if to.state == state != "queued" and to.attempt in {None, attempt}:
        return None
    if to.state not in STEPS[state]:
        raise Conflict(f"A message that is {state} cannot become {to.state}.")
    if to.state != "sending" and to.attempt not in {None, attempt}:
        raise Conflict(NOT_YOURS)
    begun = {"attempts": stored["attempts"] + 1} if to.state == "sending" else {}
    return {**to.model_dump(exclude_none=True), "reason": to.reason, **begun}
