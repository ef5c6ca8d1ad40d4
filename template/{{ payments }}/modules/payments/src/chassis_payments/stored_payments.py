"""Payments, kept by the data service and reached over HTTP."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from chassis.data_api import PAST_CACHES, KeepingHttp, Reader
from chassis.http_client import Reply, raise_for_problem
from chassis.schemas import Page, Schema
from chassis.webhooks import EventOutcome
from chassis_payments.payments import (
    EVENTS,
    PATH,
    Attempt,
    DueEvent,
    NewEvent,
    NewProviderPayment,
    NewProviderRefund,
    PaymentQuery,
    ProviderName,
    ProviderTransactionRead,
    RefundEnd,
    Seen,
    StoredPaymentRead,
    StoredRefundRead,
)

_payments = Reader(StoredPaymentRead, "stored payment")
_refunds = Reader(StoredRefundRead, "stored refund")
_transactions = Reader(ProviderTransactionRead, "transaction")
_events = Reader(DueEvent, "provider event")


class StoredPayments:
    """The payments of a data service; raises what it answers, and Unavailable without an answer.

    Nothing comes from a cache: what is done with money is decided on what is so now.
    """

    def __init__(self, http: KeepingHttp, base_url: str) -> None:
        self._http = http
        self._url = f"{base_url.rstrip('/')}{PATH}"
        self._events_url = f"{base_url.rstrip('/')}{EVENTS}"

    async def begin(self, payment_id: UUID, new: NewProviderPayment) -> StoredPaymentRead:
        """Keep a payment and the attempt to open it; the same one again is the same one.

        Raises Invalid if what it is for is not there, Conflict if the id is another payment's.
        """
        return await self.change(f"{payment_id}", new)

    async def get(self, payment_id: UUID) -> StoredPaymentRead:
        """Give a payment; raises NotFound."""
        url = f"{self._url}/{payment_id}"
        return _payments.one(await self._http.get(url, headers=PAST_CACHES))

    async def page(self, query: PaymentQuery) -> Page[StoredPaymentRead]:
        """Give one page of the payments that match."""
        params = query.model_dump(mode="json", exclude_none=True)
        return _payments.page(await self._read(self._url, params))

    async def unsettled(self, provider: ProviderName, seconds: float) -> list[StoredPaymentRead]:
        """Give payments of a provider that have been open for so long without anything said of them."""
        url = f"{self._url}/unsettled/due"
        return _payments.all(await self._read(url, {"provider": provider, "seconds": seconds}))

    async def note(self, payment_id: UUID, key: str, attempt: Attempt) -> StoredPaymentRead:
        """Note that something is attempted, or how it ended, and what the payment comes to by that."""
        return await self.change(f"{payment_id}/attempts/{key}", attempt)

    async def write_down(self, payment: StoredPaymentRead, seen: Seen) -> StoredPaymentRead:
        """Write down what a provider says; raises Outdated if the payment has changed meanwhile."""
        return await self.change(f"{payment.id}/seen/{payment.version}", seen)

    async def change(self, path: str, body: Schema) -> StoredPaymentRead:
        """Change a payment by what is at a path of its own."""
        return _payments.written(await self._http.put(f"{self._url}/{path}", json_body=_json(body)))

    async def begin_refund(
        self, payment_id: UUID, refund_id: UUID, new: NewProviderRefund
    ) -> StoredRefundRead:
        """Hold what is to be given back; raises Conflict if so much is not left."""
        url = f"{self._url}/{payment_id}/refunds/{refund_id}"
        return _refunds.written(await self._http.put(url, json_body=_json(new)))

    async def end_refund(self, refund: StoredRefundRead, end: RefundEnd) -> StoredRefundRead:
        """Say what a provider said to a refund."""
        url = f"{self._url}/{refund.payment_id}/refunds/{refund.id}/state"
        return _refunds.written(await self._http.put(url, json_body=_json(end)))

    async def refunds(self, payment_id: UUID) -> list[StoredRefundRead]:
        """Give the refunds of a payment, the first one first."""
        return _refunds.all(await self._read(f"{self._url}/{payment_id}/refunds"))

    async def transactions(self, payment_id: UUID) -> list[ProviderTransactionRead]:
        """Give the money that moved, the first movement first."""
        url = f"{self._url}/{payment_id}/transactions"
        return _transactions.all(await self._read(url))

    async def keep_event(self, provider: ProviderName, event_id: str, new: NewEvent) -> None:
        """Keep what a webhook said; twice is once."""
        url = f"{self._events_url}/{provider}/{event_id}"
        raise_for_problem(await self._http.put(url, json_body=_json(new)))

    async def due_events(self, provider: ProviderName) -> list[DueEvent]:
        """Give events of a provider that nobody has acted on yet."""
        return _events.all(await self._read(f"{self._events_url}/due", {"provider": provider}))

    async def end_event(self, event: DueEvent, outcome: EventOutcome) -> None:
        """Say what became of an event."""
        url = f"{self._events_url}/{event.id}"
        raise_for_problem(await self._http.put(url, json_body=_json(outcome)))

    async def _read(self, url: str, params: Mapping[str, Any] | None = None) -> Reply:
        return await self._http.get(url, params=params, headers=PAST_CACHES)


def _json(body: Schema) -> bytes:
    return body.model_dump_json(exclude_none=True).encode()
