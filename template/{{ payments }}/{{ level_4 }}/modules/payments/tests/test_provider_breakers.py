"""A provider that keeps failing is left alone, and tried again after a while."""

from dataclasses import replace
from typing import Any

import httpx2
import pytest

from chassis.problems import OutcomeUnknown, Unavailable
from chassis.resilience import Breaker
from chassis_payments.provider_breakers import Guarded
from chassis_payments.providers import Calls, Refused
from chassis_payments.testing.books import Books
from chassis_payments.testing.paypal import CERTIFICATE


class Provider:
    """Answers as told; notes how often it was asked."""

    def __init__(self) -> None:
        self.status = 500
        self.asked = 0

    async def send(self, method: str, path: str, **_: Any) -> httpx2.Response:
        self.asked += 1
        if self.status == 0:
            raise httpx2.ReadTimeout("slow", request=httpx2.Request(method, f"http://x{path}"))
        return httpx2.Response(self.status, json={})


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("status", [500, 0])
async def test_a_provider_that_keeps_failing_is_asked_nothing_until_it_may_be_well(
    status: int,
) -> None:
    provider, clock = Provider(), Clock()
    provider.status = status
    calls = Calls("Stripe", "http://127.0.0.1:1", 1)
    calls.send = Guarded(provider.send, Breaker(2, 0.5, 5, clock))
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            await calls("POST", "/v1/refunds")

    with pytest.raises(Unavailable):  # nothing was sent: nothing is unknown
        await calls("POST", "/v1/refunds")
    assert provider.asked == 2

    clock.now, provider.status = 6, 200
    assert await calls("POST", "/v1/refunds") == {}
    assert await calls("POST", "/v1/refunds") == {}


async def test_what_a_provider_refuses_says_nothing_against_it() -> None:
    provider = Provider()
    provider.status = 402
    calls = Calls("Stripe", "http://127.0.0.1:1", 1)
    calls.send = Guarded(provider.send, Breaker(2, 0.5, 5))

    for _ in range(5):
        with pytest.raises(Refused):
            await calls("POST", "/v1/refunds")
    assert provider.asked == 5


async def test_whoever_forges_webhooks_does_not_open_the_breaker(books: Books) -> None:
    paypal = books.providers.known["paypal"]
    paypal.calls.send = Guarded(paypal.calls.send, Breaker(2, 0.5, 60))
    books.paypal.void((await books.opened(provider="paypal")).reference)
    (sent,) = books.paypal.sent

    with books.paypal.away():
        for number in range(4):
            url = f"{books.paypal.address}{CERTIFICATE}-{number}"
            forged = replace(sent, headers={**sent.headers, "PAYPAL-CERT-URL": url})
            assert (await books.deliver(forged, "paypal")).status_code == 503

    assert (await books.open(provider="paypal"))["state"] == "pending"
