"""What a payment can come to, as data: whatever is not written here does not happen."""

from collections.abc import Mapping
from typing import Final, Literal

State = Literal["pending", "processing", "unknown", "completed", "failed", "canceled", "expired"]
"""`unknown`: a provider was asked and has not confirmed; it is looked up, and never repeated blindly."""

OPEN: Final = frozenset[State]({"pending", "processing", "unknown"})
"""What is not decided yet."""

# Money that moved is always written down: even what was given up may turn out to be paid. Nothing
# follows `completed`: a refund is an amount, and a dispute stands beside.
STEPS: Final[Mapping[State, frozenset[State]]] = {
    "pending": frozenset({"processing", "unknown", "completed", "failed", "canceled", "expired"}),
    "processing": frozenset({"completed", "failed", "canceled", "expired"}),
    "unknown": frozenset({"pending", "processing", "completed", "failed", "canceled", "expired"}),
    "failed": frozenset({"processing", "completed"}),
    "canceled": frozenset({"completed"}),
    "expired": frozenset({"completed"}),
    "completed": frozenset(),
}


def step(now: State, seen: State) -> State:
    """Give the state that follows from what a provider says; what cannot follow changes nothing."""
    return seen if seen in STEPS[now] else now
