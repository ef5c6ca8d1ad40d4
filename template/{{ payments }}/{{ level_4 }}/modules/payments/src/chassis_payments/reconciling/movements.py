"""What a provider has moved, by its own books."""

import datetime as dt
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, assert_never
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from chassis_payments.money import PAYPAL, STRIPE
from chassis_payments.payments import MovementKind
from chassis_payments.providers import PayPal, Stripe
from chassis_payments.providers.paypal import DISPUTES, TRANSACTIONS, dispute_state
from chassis_payments.providers.port import uuid_of
from chassis_payments.providers.stripe import REFUNDS

CHARGES, EVENTS = "/v1/charges", "/v1/events"
PAGE = 500
DISPUTES_PAGE = 50

# When a dispute was lost, and when a refund failed, only events tell; Stripe has those of 30 days.
_STRIPE_EVENTS: Mapping[str, MovementKind] = {
    "charge.dispute.closed": "dispute",
    "refund.failed": "returned",
}
# The first letters of PayPal's event codes: T00 is a payment, T11 gives one back; others are fees,
# transfers to a bank and the like. What is paid out to somebody is a T00, too, and below zero.
_PAYPAL_KINDS: Mapping[str, MovementKind] = {"T00": "charge", "T11": "refund"}
# Reversed or held for a dispute, and let go: the dispute itself tells what came of it.
_OF_DISPUTES = frozenset({"T1106", "T1110", "T1111"})


@dataclass(frozen=True, slots=True)
class Moved:
    """Money that a provider has moved."""

    kind: MovementKind
    reference: str
    amount: int | None
    """None for one that no payment here can have, such as of a currency that is not taken here."""
    currency: str
    told: str
    """What the provider says of it, for people."""
    payment_id: UUID | None
    """The payment that it was for, as far as the provider tells."""
    of: str | None = None
    """The charge that it takes something of."""


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
    async for event in stripe.listed(EVENTS, {**query, "types[]": list(_STRIPE_EVENTS)}):
        kind, about = _STRIPE_EVENTS[event["type"]], event["data"]["object"]
        if kind == "returned" or about["status"] == "lost":
            yield _of_stripe(kind, about["id"], about, None)


def _of_stripe(
    kind: MovementKind, reference: str, found: Mapping[str, Any], ours: str | None
) -> Moved:
    counted, currency = found["amount"], found["currency"].upper()
    about = (uuid_of(ours), None if kind == "charge" else found["payment_intent"])
    try:
        amount = STRIPE.received(counted, currency)
    except ValueError:
        told = f"{counted} {currency}, as Stripe counts"
        return Moved(kind, reference, None, currency, told, *about)
    return Moved(kind, reference, amount, currency, f"{amount} {currency}", *about)


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
            code = info["transaction_event_code"]
            kind = None if code in _OF_DISPUTES else _PAYPAL_KINDS.get(code[:3])
            paid_out = info["transaction_amount"]["value"].startswith("-") and kind == "charge"
            if kind and not paid_out and info["transaction_status"] == "S":
                yield _of_paypal(kind, info)
        if query["page"] >= page.get("total_pages", 1):
            break
        query["page"] += 1
    async for lost in _lost_at_paypal(paypal, since, until):
        yield lost


async def _lost_at_paypal(
    paypal: PayPal, since: dt.datetime, until: dt.datetime
) -> AsyncIterator[Moved]:
    """Give the disputes that were lost; how they have ended is only told where each is fetched."""
    query: dict[str, Any] = {
        "update_time_after": since.isoformat(timespec="seconds"),
        "update_time_before": min(until, dt.datetime.now(dt.UTC)).isoformat(timespec="seconds"),
        "dispute_state": "RESOLVED",
        "page_size": DISPUTES_PAGE,
    }
    while True:
        page = await paypal.get(DISPUTES, query)
        for one in page.get("items", []):
            dispute = await paypal.get(f"{DISPUTES}/{one['dispute_id']}")
            if dispute_state(dispute) == "lost":
                of = [
                    each.get("seller_transaction_id") for each in dispute["disputed_transactions"]
                ]
                reference, money = dispute["dispute_id"], dispute["dispute_amount"]
                yield _of_paypal_money("dispute", reference, money, None, next(iter(of), None))
        following = [one["href"] for one in page.get("links", []) if one["rel"] == "next"]
        if not following:
            return
        query["next_page_token"] = parse_qs(urlsplit(following[0]).query)["next_page_token"][0]


def _of_paypal(kind: MovementKind, info: Mapping[str, Any]) -> Moved:
    ours = uuid_of(info.get("custom_field")) if kind == "charge" else None
    of = info.get("paypal_reference_id") if info.get("paypal_reference_id_type") == "TXN" else None
    return _of_paypal_money(kind, info["transaction_id"], info["transaction_amount"], ours, of)


def _of_paypal_money(
    kind: MovementKind, reference: str, money: Mapping[str, str], ours: UUID | None, of: str | None
) -> Moved:
    written, currency = money["value"], money["currency_code"]
    try:
        amount = abs(PAYPAL.read(written, currency))
    except ValueError:
        return Moved(kind, reference, None, currency, f"{written} {currency}", ours, of)
    return Moved(kind, reference, amount, currency, f"{amount} {currency}", ours, of)
