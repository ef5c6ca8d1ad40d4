"""What a provider has moved, by its own books."""

import datetime as dt
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, assert_never
from uuid import UUID

from chassis_payments.money import PAYPAL, STRIPE
from chassis_payments.providers import PayPal, Stripe
from chassis_payments.providers.paypal import TRANSACTIONS
from chassis_payments.providers.port import uuid_of
from chassis_payments.providers.stripe import REFUNDS
from chassis_payments.reconciliations import Kind

CHARGES = "/v1/charges"
PAGE = 500

# The first letters of PayPal's event codes: T00 is a payment, T11 gives one back; others are fees,
# transfers to a bank and the like. What is paid out to somebody is a T00, too, and below zero.
_PAYPAL_KINDS: Mapping[str, Kind] = {"T00": "charge", "T11": "refund"}


@dataclass(frozen=True, slots=True)
class Moved:
    """Money that a provider has moved."""

    kind: Kind
    reference: str
    amount: int | None
    """None for one that no payment here can have, such as of a currency that is not taken here."""
    currency: str
    told: str
    """What the provider says of it, for people."""
    payment_id: UUID | None
    """The payment that it was for, as far as the provider tells."""


async def moved(
    provider: Stripe | PayPal, since: dt.datetime, until: dt.datetime
) -> AsyncIterator[Moved]:
    """Give what a provider moved within a time; raises what the port says."""
    match provider:
        case Stripe():
            found = _stripe(provider, since, until)
        case PayPal():
            found = _paypal(provider, since, until)
        case _:
            assert_never(provider)
    async for one in found:
        yield one


async def _stripe(stripe: Stripe, since: dt.datetime, until: dt.datetime) -> AsyncIterator[Moved]:
    query = {"created[gte]": int(since.timestamp()), "created[lt]": int(until.timestamp())}
    async for charge in stripe.listed(CHARGES, query):
        if charge["status"] == "succeeded":
            # The books call a charge as what it belongs to: refunds and disputes are about that.
            reference = charge["payment_intent"] or charge["id"]
            yield _of_stripe("charge", reference, charge, charge["metadata"].get("payment"))
    async for refund in stripe.listed(REFUNDS, query):
        if refund["status"] == "succeeded":
            yield _of_stripe("refund", refund["id"], refund, None)


def _of_stripe(kind: Kind, reference: str, found: Mapping[str, Any], ours: str | None) -> Moved:
    counted, currency = found["amount"], found["currency"].upper()
    try:
        amount = STRIPE.received(counted, currency)
    except ValueError:
        told = f"{counted} {currency}, as Stripe counts"
        return Moved(kind, reference, None, currency, told, uuid_of(ours))
    return Moved(kind, reference, amount, currency, f"{amount} {currency}", uuid_of(ours))


async def _paypal(paypal: PayPal, since: dt.datetime, until: dt.datetime) -> AsyncIterator[Moved]:
    query: dict[str, Any] = {
        "start_date": since.isoformat(timespec="seconds"),
        "end_date": (until - dt.timedelta(seconds=1)).isoformat(timespec="seconds"),
        "fields": "transaction_info",
        "page_size": PAGE,
        "page": 1,
    }
    while True:
        page = await paypal.get(TRANSACTIONS, query)
        for entry in page.get("transaction_details", []):
            info = entry["transaction_info"]
            kind = _PAYPAL_KINDS.get(info["transaction_event_code"][:3])
            paid_out = info["transaction_amount"]["value"].startswith("-") and kind == "charge"
            if kind and not paid_out and info["transaction_status"] == "S":
                yield _of_paypal(kind, info)
        if query["page"] >= page.get("total_pages", 1):
            return
        query["page"] += 1


def _of_paypal(kind: Kind, info: Mapping[str, Any]) -> Moved:
    reference, money = info["transaction_id"], info["transaction_amount"]
    written, currency = money["value"], money["currency_code"]
    ours = uuid_of(info.get("custom_field")) if kind == "charge" else None
    try:
        amount = abs(PAYPAL.read(written, currency))
    except ValueError:
        return Moved(kind, reference, None, currency, f"{written} {currency}", ours)
    return Moved(kind, reference, amount, currency, f"{amount} {currency}", ours)
