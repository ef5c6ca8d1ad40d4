"""What is checked before anything is asked of a provider: each check may refuse it."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from fastapi.requests import HTTPConnection

from chassis_payments.payments import ProviderName


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody asks for a payment, or for money back."""

    act: Literal["open", "refund"]
    id: UUID
    """Of the payment or the refund; the same one again is the same one."""
    payment_id: UUID
    provider: ProviderName | str
    amount: int
    currency: str
    entity: str | None
    entity_id: UUID | None


type Check = Callable[[HTTPConnection, Asked], Awaitable[None]]
"""Raises a problem for what is not to be done."""


@dataclass(frozen=True, slots=True)
class Checks:
    """All checks, for one request."""

    checks: Iterable[Check]
    connection: HTTPConnection

    async def __call__(self, asked: Asked) -> None:
        """Raise what the first check says that refuses."""
        for check in self.checks:
            await check(self.connection, asked)


def caller_of(connection: HTTPConnection) -> str:
    """Name who asks, as far as the service knows it; empty where nobody has to say who it is."""
    return getattr(connection.scope.get("user"), "identity", "")
