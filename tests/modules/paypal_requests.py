"""Runs in a generated project: prints what its PayPal adapter sends, one request a line, as JSON."""

import asyncio
import datetime as dt
import json
import sys
from urllib.parse import parse_qsl
from uuid import UUID

import httpx2
from chassis_payments.payments import StoredPaymentRead, StoredRefundRead
from chassis_payments.providers import Calls, PayPal

NOW = dt.datetime.now(dt.UTC)
MONEY = {"currency_code": "JPY", "value": "80"}
ORDER = {
    "id": "5O190127TN364715T",
    "status": "COMPLETED",
    "purchase_units": [{"amount": MONEY, "payments": {"captures": []}}],
}
REFUND = {"id": "1JU08902781691411", "status": "COMPLETED", "amount": MONEY}
PAYMENT = StoredPaymentRead(
    id=UUID(int=7),
    provider="paypal",
    state="pending",
    amount=80,
    currency="JPY",
    refunded=0,
    disputed=None,
    entity=None,
    entity_id=None,
    description="An instalment",
    reason=None,
    checkout_url=None,
    client_secret=None,
    version=1,
    created_at=NOW,
    updated_at=NOW,
    return_url="https://shop.example/back",
    metadata={},
    reference=ORDER["id"],
    charge="3C679366HH908993F",
    attempt=f"open-{UUID(int=7)}",
    attempted_at=NOW - dt.timedelta(hours=30),
)
ASKED = StoredRefundRead(
    id=UUID(int=8),
    payment_id=PAYMENT.id,
    amount=40,
    state="pending",
    reason=None,
    created_at=NOW,
    updated_at=NOW,
    reference=None,
)


def answer(request: httpx2.Request) -> httpx2.Response:
    """Note a request, and answer it."""
    path = request.url.path
    if path == "/v1/oauth2/token":
        return httpx2.Response(200, json={"access_token": "t", "expires_in": 3600})
    told = {
        "method": request.method,
        "path": path,
        "query": dict(parse_qsl(request.url.query.decode())),
        "headers": dict(request.headers),
        "body": json.loads(request.content) if request.content else None,
    }
    sys.stdout.write(f"{json.dumps(told)}\n")
    if path.endswith("/refund"):
        return httpx2.Response(201, json=REFUND)
    if path == "/v1/reporting/transactions":
        return httpx2.Response(200, json={"transaction_details": [], "total_pages": 1})
    return httpx2.Response(200, json=ORDER)


async def main() -> None:
    """Do everything that the adapter does."""
    calls = Calls("PayPal", "https://api-m.paypal.com", 5, httpx2.MockTransport(answer))
    paypal = PayPal(calls, "client", "secret", "webhook")
    await paypal.open(PAYMENT)
    await paypal.collect(PAYMENT)
    await paypal.see(PAYMENT)
    await paypal.find(PAYMENT)
    await paypal.refund(PAYMENT, ASKED)


asyncio.run(main())
