"""Payments, as the services speak of them."""

import datetime as dt
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, field_validator

from chassis import webhooks
from chassis.schemas import Answer, Exact, FromText, ListQuery, Schema, Url
from chassis_payments.money import DIGITS
from chassis_payments.states import State

PATH = "/api/v1/stored-payments"
"""Where the data service has them."""
EVENTS = "/api/v1/provider-events"
"""Where the data service has what the webhooks of providers said."""

ProviderName = Literal["stripe", "paypal"]
PaymentSort = Literal["created_at", "-created_at"]
RefundState = Literal["pending", "unknown", "completed", "failed"]
DisputeState = Literal["open", "won", "lost"]
MovementKind = Literal["charge", "refund", "dispute", "returned"]
"""`dispute`: one that was lost; `returned`: a refund that was made and failed after that, so that its money is back."""
AttemptState = Literal["sent", "unknown", "done", "declined", "refused", "failed"]
"""`failed`: the provider says of this key that it has failed, and always will; the next one has another key."""
Amount = Annotated[int, Field(ge=1, le=2**53), Exact()]
"""Minor units, as ISO 4217 counts them: 1050 of EUR is €10.50, 1050 of JPY is ¥1050."""
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Collection = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=63)]
Reference = Annotated[str, Field(min_length=1, max_length=255), Exact()]
Text = Annotated[str, Field(min_length=1, max_length=127), Exact()]
Reason = Annotated[str, Field(max_length=500)]
EventId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,255}$")]
"""What a provider calls an event; it stands in the path under which that is kept."""
MOST_SUBJECTS = 20


class NewProviderPayment(Schema):
    """A payment that somebody is asked for."""

    amount: Amount
    currency: Currency
    provider: ProviderName = "stripe"
    entity: Collection | None = None
    """The collection of the record that is paid for, such as ``loans``."""
    entity_id: Annotated[UUID, Exact()] | None = None
    description: Text = "Payment"
    """What the provider's page shows to who pays."""
    return_url: Url
    """Where the provider sends who has paid, or given up; it says nothing of what became of it."""
    metadata: Annotated[dict[str, Any], Exact()] = Field(default_factory=dict)
    """What you want to remember with it; never card data."""

    @field_validator("currency")
    @classmethod
    def _known(cls, currency: str) -> str:
        if currency not in DIGITS:
            msg = "must be a currency that is taken, such as EUR"
            raise ValueError(msg)
        return currency

    @field_validator("metadata")
    @classmethod
    def _free(cls, metadata: dict[str, Any]) -> dict[str, Any]:
        if any(name.startswith("#") for name in metadata):
            msg = "must have no names that begin with #"
            raise ValueError(msg)
        return metadata


class ProviderPaymentSummary(Answer):
    """A payment, and what is known to have become of it; nothing that only who pays may see."""

    id: UUID
    provider: ProviderName | str
    state: State | str
    amount: int
    currency: str
    refunded: int
    """How much of it was given back."""
    disputed: DisputeState | str | None
    entity: str | None
    entity_id: UUID | None
    description: str
    reason: str | None
    created_at: dt.datetime
    updated_at: dt.datetime


class ProviderPaymentRead(ProviderPaymentSummary):
    """A payment, and how it is paid while it is pending."""

    checkout_url: str | None
    """The provider's page to pay at."""
    client_secret: str | None
    """What the provider's own form in a browser needs, where it is paid by that."""
    version: int


class StoredPaymentRead(ProviderPaymentRead):
    """A payment as the data service keeps it."""

    return_url: str
    metadata: dict[str, Any]
    reference: str | None
    """What the provider calls it."""
    charge: str | None
    """What the provider calls the movement of money, which refunds and disputes are about."""
    attempt: str
    """The key of the last attempt to open it."""
    attempted_at: dt.datetime


class Attempt(Schema):
    """Something that a provider is asked for under a key, and how that ended."""

    state: AttemptState
    reason: Reason | None = None


class SeenRefund(Schema):
    """A refund, as a provider tells it; `id` is ours, if it was asked for here."""

    id: UUID | None = None
    reference: Reference
    state: RefundState
    amount: Amount


class SeenDispute(Schema):
    """A dispute, as a provider tells it."""

    reference: Reference
    state: DisputeState
    amount: Amount
    reason: Reason | None = None


def _fitting(longest: int, text: str | None) -> str | None:
    """Leave out what cannot be kept: what a provider says of the money is known all the same."""
    return text if text is None or len(text) <= longest else None


class Seen(Schema):
    """What a provider says of a payment now."""

    state: State
    reference: Reference
    amount: Amount
    currency: Currency
    charge: Reference | None = None
    checkout_url: Annotated[str | None, AfterValidator(partial(_fitting, 2048))] = None
    client_secret: Annotated[str | None, AfterValidator(partial(_fitting, 255))] = None
    reason: Reason | None = None
    refunds: list[SeenRefund] = Field(default_factory=list)
    disputes: list[SeenDispute] = Field(default_factory=list)
    collectable: bool = False
    """Who pays has agreed, and the provider waits to be told to take the money."""


class NewProviderRefund(Schema):
    """What is to be given back; all that is left, if no amount is said."""

    amount: Amount | None = None
    reason: Text | None = None


class ProviderRefundRead(Answer):
    """A refund."""

    id: UUID
    payment_id: UUID
    amount: int
    state: RefundState | str
    reason: str | None
    created_at: dt.datetime
    updated_at: dt.datetime


class StoredRefundRead(ProviderRefundRead):
    """A refund as the data service keeps it."""

    reference: str | None
    attempt: int = 1
    """Counts the attempts to make it, each with a key of its own; a data service of before knows of one."""

    @property
    def key(self) -> str:
        """Give the key of the last attempt."""
        return f"refund-{self.id}" if self.attempt == 1 else f"refund-{self.id}-{self.attempt}"


class RefundEnd(Schema):
    """What a provider said to a refund."""

    state: RefundState
    attempt: Annotated[int | None, Field(ge=1, le=10_000)] = None
    """The next attempt, where the one before has failed for good."""
    reference: Reference | None = None
    reason: Reason | None = None


class ProviderTransactionRead(Answer):
    """Money that moved: written once, and never changed."""

    id: UUID
    payment_id: UUID
    provider: ProviderName | str
    kind: MovementKind | str
    reference: str
    amount: int
    currency: str
    created_at: dt.datetime


class PaymentQuery(ListQuery):
    """Which payments a list shows."""

    sort: PaymentSort = "-created_at"
    entity: Collection | None = None
    entity_id: Annotated[Annotated[UUID, Exact()] | None, FromText()] = None
    state: State | None = None
    provider: ProviderName | None = None


class NewEvent(Schema):
    """What the webhook of a provider said: that it is worth asking about these."""

    kind: Annotated[str, Field(max_length=100), Exact()]
    subjects: list[Reference] = Field(max_length=MOST_SUBJECTS)
    """Whatever may name a payment: its id, or what the provider calls it."""


class DueEvent(webhooks.DueEvent):
    """An event that is to be acted on, and the payments that it may be about."""

    kind: str
    payments: list[UUID]
