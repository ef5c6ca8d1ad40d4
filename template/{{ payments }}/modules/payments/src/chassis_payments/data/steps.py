"""What something has come to, told to whoever listens once it is written."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from chassis_payments.payments import ProviderName


@dataclass(frozen=True, slots=True)
class Step:
    """A payment, a refund or a dispute has come to a state."""

    kind: Literal["payment", "refund", "dispute"]
    id: UUID
    payment_id: UUID
    provider: ProviderName
    was: str | None
    """The state before; None if it is new."""
    state: str
    amount: int
    currency: str
    reason: str | None


class Listeners(list[Callable[[Step], None]]):
    """Those who listen; what they do must not fail."""

    def tell(self, steps: Iterable[Step]) -> None:
        """Tell of what has changed."""
        for step in steps:
            if step.was != step.state:
                for listener in self:
                    listener(step)
