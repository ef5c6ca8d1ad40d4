"""PayPal, over its HTTP API: its package is synchronous, and knows no webhooks."""

import datetime as dt
import time
from collections.abc import Mapping
from typing import Any, Final, Literal

from chassis_payments.money import PAYPAL
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
from chassis_payments.providers.paypal_webhooks import Webhooks
from chassis_payments.providers.port import Event, NotLetIn, NotThere, uuid_of
from chassis_payments.states import State

ORDERS, CAPTURES = "/v2/checkout/orders", "/v2/payments/captures"
DISPUTES, TRANSACTIONS = "/v1/customer/disputes", "/v1/reporting/transactions"
EARLY_S: Final = 60
"""So long before it ends a token is replaced."""

_CAPTURES: Mapping[str, State] = {
    "COMPLETED": "completed",
    "REFUNDED": "completed",
    "PARTIALLY_REFUNDED": "completed",
    "PENDING": "processing",
    "DECLINED": "failed",
    "FAILED": "failed",
}
_ORDERS: Mapping[str, State] = {"VOIDED": "canceled", "COMPLETED": "processing"}
_REFUNDS: Mapping[str, RefundState] = {
    "COMPLETED": "completed",
    "FAILED": "failed",
    "CANCELLED": "failed",
}
_OUTCOMES: Mapping[str, DisputeState] = {
    "RESOLVED_BUYER_FAVOUR": "lost",
    "RESOLVED_WITH_PAYOUT": "lost",
    "ACCEPTED": "lost",
}


class PayPal:
    """Payments through PayPal's own page: an order, which is collected once it is approved."""

    name: Literal["paypal"] = "paypal"
    keys_kept = dt.timedelta(hours=5)  # of the 6 that PayPal keeps those of orders

    def __init__(
        self,
        calls: Calls,
        client: str,
        secret: str,
        webhook: str,
    ) -> None:
        self.calls = calls
        self._credentials = (client, secret)
        self._webhooks = Webhooks(calls, webhook)
        self._token, self._until = "", 0.0

    def check(self, amount: int, currency: str) -> None:
        """Raise Invalid if there is no such amount at PayPal."""
        PAYPAL.sent(amount, currency)

    async def open(self, payment: StoredPaymentRead) -> Seen:
        """Open an order, under the key of the attempt."""
        return _seen(await self._post(ORDERS, _order(payment), payment.attempt))

    async def find(self, payment: StoredPaymentRead) -> Seen | None:
        """Look for an order: by its key as long as PayPal keeps that, and then by what it moved.

        The same key is answered with the order that it has opened: none is opened twice.
        """
        if dt.datetime.now(dt.UTC) - payment.attempted_at < self.keys_kept:
            return await self.open(payment)
        start = payment.attempted_at - dt.timedelta(minutes=5)
        query: dict[str, Any] = {
            "start_date": start.isoformat(timespec="seconds"),
            "end_date": (start + dt.timedelta(days=1)).isoformat(timespec="seconds"),
            "fields": "transaction_info",
            "page_size": 500,
            "page": 1,
        }
        while True:
            page = await self.get(TRANSACTIONS, query)
            for entry in page.get("transaction_details", []):
                info = entry["transaction_info"]
                ours = info.get("custom_field") == str(payment.id)
                if ours and info.get("paypal_reference_id_type") == "ODR":
                    order = await self.get(f"{ORDERS}/{info['paypal_reference_id']}")
                    return _seen(order)
            if query["page"] >= page.get("total_pages", 1):
                return None
            query["page"] += 1

    async def see(self, payment: StoredPaymentRead) -> Seen:
        """Fetch the order, and once money moved what is disputed of it."""
        try:
            seen = _seen(await self.get(f"{ORDERS}/{payment.reference}"))
        except NotThere:  # an order that nobody approved is forgotten after some hours
            return Seen(
                state="expired",
                reference=str(payment.reference),
                amount=payment.amount,
                currency=payment.currency,
            )
        if seen.state != "completed":
            return seen
        found = await self.get(DISPUTES, {"disputed_transaction_id": seen.charge})
        disputes = [await self._dispute(one) for one in found.get("items", [])]
        return seen.model_copy(update={"disputes": disputes})

    async def collect(self, payment: StoredPaymentRead) -> None:
        """Have the money of an approved order taken; twice is once."""
        key = f"collect-{payment.id}"
        await self._post(f"{ORDERS}/{payment.reference}/capture", {}, key)

    async def refund(self, payment: StoredPaymentRead, refund: StoredRefundRead) -> SeenRefund:
        """Give money back, under the key of the refund's attempt."""
        body = {
            "amount": _amount(refund.amount, payment.currency),
            "custom_id": str(refund.id),
            "invoice_id": str(refund.id),
        }
        path = f"{CAPTURES}/{payment.charge}/refund"
        return _refund(await self._post(path, body, refund.key))

    async def event(self, body: bytes, headers: Mapping[str, str]) -> Event:
        """Say what a webhook said; raises Forged if it is not of PayPal."""
        return await self._webhooks.event_of(body, headers)

    async def _dispute(self, listed: Mapping[str, Any]) -> SeenDispute:
        """Read a dispute; how it ended is only told where it is fetched by itself."""
        dispute = await self.get(f"{DISPUTES}/{listed['dispute_id']}")
        return SeenDispute(
            reference=dispute["dispute_id"],
            state=dispute_state(dispute),
            amount=_counted(dispute["dispute_amount"]),
            reason=dispute.get("reason"),
        )

    async def _post(self, path: str, body: Mapping[str, Any], key: str) -> dict[str, Any]:
        headers = {"PayPal-Request-Id": key, "Prefer": "return=representation"}
        return await self._call("POST", path, headers, json=body)

    async def get(self, path: str, query: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Read something; raises what the port says."""
        return await self._call("GET", path, {}, params=query)

    async def _call(
        self, method: str, path: str, headers: Mapping[str, str], **sent: Any
    ) -> dict[str, Any]:
        try:
            return await self.calls(method, path, headers={**headers, **await self._who()}, **sent)
        except NotLetIn:  # a token may end before its time: nothing was done
            self._until = 0.0
            return await self.calls(method, path, headers={**headers, **await self._who()}, **sent)

    async def _who(self) -> dict[str, str]:
        """Give the header that says who asks; a token lasts for hours."""
        if time.monotonic() >= self._until:
            form = {"grant_type": "client_credentials"}
            call = self.calls.answer
            got = (await call("POST", "/v1/oauth2/token", data=form, auth=self._credentials)).json()
            self._token = got["access_token"]
            self._until = time.monotonic() + got["expires_in"] - EARLY_S
        return {"Authorization": f"Bearer {self._token}"}


def dispute_state(dispute: Mapping[str, Any]) -> DisputeState:
    """Say how a dispute has ended, if it has; it was fetched by itself."""
    if dispute["status"] != "RESOLVED":
        return "open"
    outcome = dispute.get("dispute_outcome", {}).get("outcome_code", "")
    return _OUTCOMES.get(outcome, "won")


def _order(payment: StoredPaymentRead) -> dict[str, Any]:
    unit = {
        "reference_id": "default",
        "custom_id": str(payment.id),
        "invoice_id": str(payment.id),  # PayPal refuses to be paid twice for one invoice
        "description": payment.description,
        "amount": _amount(payment.amount, payment.currency),
    }
    experience = {
        "return_url": payment.return_url,
        "cancel_url": payment.return_url,
        "user_action": "PAY_NOW",
        "shipping_preference": "NO_SHIPPING",
    }
    return {
        "intent": "CAPTURE",
        "purchase_units": [unit],
        "payment_source": {"paypal": {"experience_context": experience}},
    }


def _seen(order: Mapping[str, Any]) -> Seen:
    unit = order["purchase_units"][0]
    moved = unit.get("payments", {})
    capture = (moved.get("captures") or [{}])[-1]
    state: State = _ORDERS.get(order["status"], "pending")
    if capture:
        state = _CAPTURES.get(capture["status"], "processing")
    return Seen(
        state=state,
        reference=order["id"],
        amount=_counted(capture.get("amount") or unit["amount"]),
        currency=unit["amount"]["currency_code"],
        charge=capture.get("id"),
        checkout_url=_page(order),
        reason=capture.get("status_details", {}).get("reason"),
        refunds=[_refund(one) for one in moved.get("refunds", [])],
        collectable=order["status"] == "APPROVED",
    )


def _page(order: Mapping[str, Any]) -> str | None:
    links = {link["rel"]: link["href"] for link in order.get("links", [])}
    return links.get("payer-action") or links.get("approve")


def _refund(refund: Mapping[str, Any]) -> SeenRefund:
    return SeenRefund(
        id=uuid_of(refund.get("custom_id")),
        reference=refund["id"],
        state=_REFUNDS.get(refund["status"], "pending"),
        amount=_counted(refund["amount"]),
    )


def _amount(amount: int, currency: str) -> dict[str, str]:
    return {"currency_code": currency, "value": PAYPAL.written(amount, currency)}


def _counted(money: Mapping[str, str]) -> int:
    return PAYPAL.read(money["value"], money["currency_code"])
