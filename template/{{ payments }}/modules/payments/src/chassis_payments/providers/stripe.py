"""Stripe, over its HTTP API.

Not by its package: to import that takes 31 MiB and seconds in each process, it wants an HTTP client
of its own, and what is needed of it is six calls and one HMAC.
"""

import datetime as dt
from collections.abc import AsyncIterator, Mapping
from typing import Any, Literal

from chassis_payments.money import STRIPE
from chassis_payments.payments import (
    DisputeState,
    RefundState,
    Seen,
    SeenDispute,
    SeenRefund,
    StoredPaymentRead,
    StoredRefundRead,
)
from chassis_payments.providers.calling import Calls
from chassis_payments.providers.port import Event, uuid_of
from chassis_payments.providers.stripe_webhooks import event_of
from chassis_payments.states import State

VERSION = "2026-10-28.endive"
SESSIONS, INTENTS, REFUNDS = "/v1/checkout/sessions", "/v1/payment_intents", "/v1/refunds"
DISPUTES = "/v1/disputes"
PAGE = 100
CLOCKS_DIFFER = dt.timedelta(minutes=5)

_INTENTS: Mapping[str, State] = {
    "succeeded": "completed",
    "processing": "processing",
    "canceled": "canceled",
}
_REFUNDS: Mapping[str, RefundState] = {
    "succeeded": "completed",
    "failed": "failed",
    "canceled": "failed",
}
_DISPUTES: Mapping[str, DisputeState] = {
    "won": "won",
    "prevented": "won",
    "warning_closed": "won",
    "lost": "lost",
}


class Stripe:
    """Payments through Stripe's own page, or through its form within another one."""

    name: Literal["stripe"] = "stripe"
    keys_kept = dt.timedelta(hours=23)  # of the 24 that Stripe promises

    def __init__(
        self,
        calls: Calls,
        key: str,
        webhook_secret: str,
        mode: Literal["checkout", "intent"] = "checkout",
    ) -> None:
        self.calls = calls
        self.calls.client.headers |= {
            "Authorization": f"Bearer {key}",
            "Stripe-Version": VERSION,
        }
        self._secret = webhook_secret
        self.mode = mode

    def check(self, amount: int, currency: str) -> None:
        """Raise Invalid if there is no such amount at Stripe."""
        STRIPE.sent(amount, currency)

    async def open(self, payment: StoredPaymentRead) -> Seen:
        """Open a session or an intent, under the key of the attempt."""
        if self.mode == "intent":
            path, form = INTENTS, _intent(payment)
        else:
            path, form = SESSIONS, _session(payment)
        return _seen(await self._post(path, form, payment.attempt))

    async def find(self, payment: StoredPaymentRead) -> Seen | None:
        """Look through what was opened since the first attempt: Stripe finds nothing by our id at once."""
        since = int((payment.created_at - CLOCKS_DIFFER).timestamp())
        path = INTENTS if self.mode == "intent" else SESSIONS
        async for found in self.listed(path, {"created[gte]": since}):
            if found["metadata"].get("payment") == str(payment.id):
                return _seen(found)
        return None

    async def see(self, payment: StoredPaymentRead) -> Seen:
        """Fetch the session or the intent, and once money moved what was given back or disputed."""
        reference = str(payment.reference)
        if reference.startswith("cs_"):
            query = {"expand[]": "payment_intent"}
            seen = _seen(await self.calls("GET", f"{SESSIONS}/{reference}", params=query))
        else:
            seen = _seen(await self.calls("GET", f"{INTENTS}/{reference}"))
        if seen.state != "completed":
            return seen
        about = {"payment_intent": seen.charge}
        refunds = [_refund(one) async for one in self.listed(REFUNDS, about)]
        disputes = [_dispute(one) async for one in self.listed(DISPUTES, about)]
        return seen.model_copy(update={"refunds": refunds, "disputes": disputes})

    async def collect(self, payment: StoredPaymentRead) -> None:
        """Do nothing: Stripe takes the money when who pays agrees."""

    async def refund(self, payment: StoredPaymentRead, refund: StoredRefundRead) -> SeenRefund:
        """Give money back, under the key of the refund's attempt."""
        form = {
            "payment_intent": payment.charge,
            "amount": STRIPE.sent(refund.amount, payment.currency),
            "metadata[refund]": refund.id,
        }
        return _refund(await self._post(REFUNDS, form, refund.key))

    async def event(self, body: bytes, headers: Mapping[str, str]) -> Event:
        """Say what a webhook said; raises Forged if it is not of Stripe."""
        return event_of(body, headers, self._secret)

    async def _post(self, path: str, form: Mapping[str, Any], key: str) -> dict[str, Any]:
        texts = {name: str(value) for name, value in form.items()}
        return await self.calls("POST", path, data=texts, headers={"Idempotency-Key": key})

    async def listed(self, path: str, query: Mapping[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """Give all that a list has, page by page."""
        asked: dict[str, Any] = {**query, "limit": PAGE}
        while True:
            page = await self.calls("GET", path, params=asked)
            for one in page["data"]:
                yield one
            if not page["has_more"]:
                return
            asked["starting_after"] = page["data"][-1]["id"]


def _session(payment: StoredPaymentRead) -> dict[str, Any]:
    line = "line_items[0]"
    return {
        "mode": "payment",
        "client_reference_id": payment.id,
        "success_url": payment.return_url,
        "cancel_url": payment.return_url,
        f"{line}[quantity]": 1,
        f"{line}[price_data][currency]": payment.currency.lower(),
        f"{line}[price_data][unit_amount]": STRIPE.sent(payment.amount, payment.currency),
        f"{line}[price_data][product_data][name]": payment.description,
        "metadata[payment]": payment.id,
        "payment_intent_data[metadata][payment]": payment.id,
    }


def _intent(payment: StoredPaymentRead) -> dict[str, Any]:
    return {
        "amount": STRIPE.sent(payment.amount, payment.currency),
        "currency": payment.currency.lower(),
        "automatic_payment_methods[enabled]": "true",
        "description": payment.description,
        "metadata[payment]": payment.id,
    }


def _seen(found: Mapping[str, Any]) -> Seen:
    return _seen_session(found) if found["object"] == "checkout.session" else _seen_intent(found)


def _seen_session(session: Mapping[str, Any]) -> Seen:
    intent = session["payment_intent"]
    known = intent if isinstance(intent, Mapping) else {"id": intent}
    state: State
    match session["status"], session["payment_status"]:
        case "open", _:
            state = "pending"  # a card that was refused may be followed by another one
        case "expired", _:
            state = "expired"
        case _, "paid":
            state = "completed"
        case _:
            failed = known.get("status") == "requires_payment_method"
            state = "failed" if failed else _INTENTS.get(known.get("status", ""), "processing")
    return Seen(
        state=state,
        reference=session["id"],
        charge=known["id"],
        checkout_url=session["url"],
        reason=_reason(known) if state == "failed" else None,
        **_money(session["amount_total"], session["currency"]),
    )


def _seen_intent(intent: Mapping[str, Any]) -> Seen:
    refused = intent["status"] == "requires_payment_method" and intent["last_payment_error"]
    state: State = "failed" if refused else _INTENTS.get(intent["status"], "pending")
    return Seen(
        state=state,
        reference=intent["id"],
        charge=intent["id"],
        client_secret=intent["client_secret"],
        reason=_reason(intent) if refused else None,
        **_money(intent["amount"], intent["currency"]),
    )


def _refund(refund: Mapping[str, Any]) -> SeenRefund:
    return SeenRefund(
        id=uuid_of(refund["metadata"].get("refund")),
        reference=refund["id"],
        state=_REFUNDS.get(refund["status"], "pending"),
        amount=_money(refund["amount"], refund["currency"])["amount"],
    )


def _dispute(dispute: Mapping[str, Any]) -> SeenDispute:
    return SeenDispute(
        reference=dispute["id"],
        state=_DISPUTES.get(dispute["status"], "open"),
        amount=_money(dispute["amount"], dispute["currency"])["amount"],
        reason=dispute["reason"],
    )


def _money(counted: int, currency: str) -> dict[str, Any]:
    code = currency.upper()
    return {"amount": STRIPE.received(counted, code), "currency": code}


def _reason(intent: Mapping[str, Any]) -> str | None:
    error = intent.get("last_payment_error") or {}
    return error.get("decline_code") or error.get("code")
