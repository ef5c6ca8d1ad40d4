"""An instalment is paid, or due again."""

import datetime as dt
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from shared.payment import PaymentStatus


class Instalments(Protocol):
    """The instalments of loans."""

    async def set(self, instalment: UUID, status: PaymentStatus, paid: dt.date | None) -> None:
        """Say what an instalment has come to."""
        ...


@dataclass(frozen=True, slots=True)
class SettleInstalment:
    """Mark an instalment as paid."""

    instalments: Instalments

    async def __call__(self, instalment: UUID, day: dt.date) -> None:
        """Raise what the data service raises."""
        await self.instalments.set(instalment, "paid", day)


@dataclass(frozen=True, slots=True)
class ReopenInstalment:
    """Have an instalment due again."""

    instalments: Instalments

    async def __call__(self, instalment: UUID) -> None:
        """Raise what the data service raises."""
        await self.instalments.set(instalment, "scheduled", None)
