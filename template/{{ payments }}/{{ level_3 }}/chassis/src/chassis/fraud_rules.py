"""What rules of payments are told, which refuse what looks like fraud; they are in ``shared``."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PaymentAsked:
    """Somebody asks for a payment, or for money back."""

    act: Literal["open", "refund"]
    provider: str
    amount: int
    """Minor units: 1050 of EUR is €10.50."""
    currency: str
    entity: str | None
    """The collection of the record that is paid for."""
    entity_id: UUID | None
    caller: str
    """Who asks, as the token says it; empty where nobody has to say who it is."""
    recent_number: int
    """How often the same caller asked for the same in the hour before, in this currency."""
    recent_amount: int
    """How much that was together."""


type PaymentRule = Callable[[PaymentAsked], Awaitable[bool]]
"""Says whether it is to be refused. Its name is told in the log and in metrics, and to nobody else."""
