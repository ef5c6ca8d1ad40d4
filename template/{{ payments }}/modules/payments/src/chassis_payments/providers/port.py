"""What every provider is asked for; adapters raise what is said here and nothing else."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

from chassis.problems import ProblemError
from chassis_payments.payments import (
    NewEvent,
    ProviderName,
    Seen,
    SeenRefund,
    StoredPaymentRead,
    StoredRefundRead,
)


class Refused(ProblemError):  # noqa: N818  # as the errors of the chassis are called
    """A provider has refused, and surely done nothing: 402."""

    status = HTTPStatus.PAYMENT_REQUIRED


@dataclass(frozen=True, slots=True)
class Event:
    """What a webhook said, once it is known who said it."""

    id: str
    said: NewEvent


class Provider(Protocol):
    """Takes payments, and gives them back.

    Whatever is asked raises Refused if nothing was done and nothing will be, Unavailable if nothing
    was done and it may be asked again, and OutcomeUnknown if nobody knows.
    """

    @property
    def name(self) -> ProviderName:
        """What it is called."""
        ...

    @property
    def keys_kept(self) -> dt.timedelta:
        """Say how long the same key, sent again, is answered with what was done at first."""
        ...

    def check(self, amount: int, currency: str) -> None:
        """Raise Invalid if there is no such amount at this provider."""
        ...

    async def open(self, payment: StoredPaymentRead) -> Seen:
        """Open a payment, under the key of its attempt."""
        ...

    async def find(self, payment: StoredPaymentRead) -> Seen | None:
        """Look for what an attempt has opened, if anything, without opening anything."""
        ...

    async def see(self, payment: StoredPaymentRead) -> Seen:
        """Say what has become of a payment that is open."""
        ...

    async def collect(self, payment: StoredPaymentRead) -> None:
        """Take the money of a payment that was agreed to; twice is once."""
        ...

    async def refund(self, payment: StoredPaymentRead, refund: StoredRefundRead) -> SeenRefund:
        """Give money back, under the id of the refund as its key."""
        ...

    async def event(self, body: bytes, headers: Mapping[str, str]) -> Event:
        """Say what a webhook said; raises Forged if it is not of the provider."""
        ...
