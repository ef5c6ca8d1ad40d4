"""What every provider is asked for; adapters raise what is said here and nothing else."""

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Final, Protocol
from uuid import UUID

from chassis.problems import OutcomeUnknown, ProblemError, Unavailable
from chassis.schemas import Schema
from chassis_payments.payments import (
    MOST_SUBJECTS,
    EventId,
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


class NotThere(Refused):
    """A provider has no such thing."""


class NotLetIn(Unavailable):
    """A provider does not take the credentials: this says nothing of what was asked for, and nothing was done."""


class FailedForGood(OutcomeUnknown):
    """A provider has failed, and will say so whenever the same key is sent: only another key gets further."""


class Event(Schema):
    """What a webhook said, once it is known who said it."""

    id: EventId
    said: NewEvent


_NAME: Final = re.compile(r"[!-~]{1,255}")


def subjects(named: Iterable[object]) -> list[str]:
    """Give what can name a payment, each once; others who use the account have names of their own."""
    names = (one for one in named if isinstance(one, str) and _NAME.fullmatch(one))
    return list(dict.fromkeys(names))[:MOST_SUBJECTS]


def uuid_of(text: object) -> UUID | None:
    """Give an id of ours; None for what others have written in its place."""
    try:
        return UUID(text) if isinstance(text, str) else None
    except ValueError:
        return None


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
        """Give money back, under the key of the refund's attempt."""
        ...

    async def event(self, body: bytes, headers: Mapping[str, str]) -> Event:
        """Say what a webhook said; raises Forged if it is not of the provider."""
        ...
