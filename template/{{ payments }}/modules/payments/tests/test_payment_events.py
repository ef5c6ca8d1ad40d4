"""What is told of payments: each thing that happens to one, once."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database.engine import Change
from chassis.events import Event
from chassis_payments.data import payment_events
from chassis_payments.events import EVENTS, ProviderPaymentCompleted
from chassis_payments.testing.books import Books
from chassis_rabbitmq.contracts import contract
from chassis_rabbitmq.outbox import OutboxEntry
from chassis_rabbitmq.outbox.recorder import happened
from chassis_rabbitmq.outbox.store import Outbox

if TYPE_CHECKING:
    from sqlalchemy import Table

PUBLISHED = [event for events in EVENTS.values() for event in events]
DATA = {
    "data": "object",
    "data.amount": "integer",
    "data.created_at": "string date-time",
    "data.currency": "string",
    "data.description": "string",
    "data.disputed": "string or null",
    "data.entity": "string or null",
    "data.entity_id": "string uuid or null",
    "data.id": "string uuid",
    "data.provider": "string",
    "data.reason": "string or null",
    "data.refunded": "integer",
    "data.state": "string",
    "data.updated_at": "string date-time",
}
"""What version 1 of each event promises to its readers; a change that breaks it is a version 2."""


@pytest.fixture
def told(books: Books) -> list[Event]:
    told: list[Event] = []

    async def note(_connection: AsyncConnection, change: Change) -> None:
        told.extend(happened(EVENTS, change))

    books.data.state.database.recorders.append(note)
    return told


def names(told: Sequence[Event]) -> list[str]:
    return [event.type.removeprefix("provider_payment.") for event in told]


async def test_what_was_paid_is_told_once(books: Books, told: list[Event]) -> None:
    payment = await books.paid(metadata={"note": "of ours"})
    await books.refresh(payment.id)

    (event,) = told
    assert isinstance(event, ProviderPaymentCompleted)
    assert (event.subject, event.data.id) == (payment.id, payment.id)
    assert (event.data.amount, event.data.currency, event.data.refunded) == (1050, "EUR", 0)
    assert "of ours" not in event.model_dump_json()


async def test_the_record_that_was_paid_for_is_named(books: Books, told: list[Event]) -> None:
    record = "6f9619ff-8b86-4d01-b42d-00c04fc964ff"
    await books.sql(f"INSERT INTO invoices_that_wait_to_be_paid_for (id) VALUES ('{record}')")  # noqa: S608

    await books.paid(entity="invoices_that_wait_to_be_paid_for", entity_id=record)

    (event,) = told
    assert isinstance(event, ProviderPaymentCompleted)
    paid_for = (event.data.entity, str(event.data.entity_id))
    assert paid_for == ("invoices_that_wait_to_be_paid_for", record)


async def test_refunds_and_disputes_are_told_each_time(books: Books, told: list[Event]) -> None:
    payment = await books.paid()
    await books.refund(payment.id, amount=400)
    await books.refund(payment.id, amount=50)
    books.stripe.dispute(payment.charge)
    await books.refresh(payment.id)
    await books.refresh(payment.id)

    assert names(told) == ["completed", "refunded", "refunded", "disputed"]
    sums: list[Any] = [vars(event)["data"].refunded for event in told]
    assert sums == [0, 400, 450, 450]


async def test_what_was_not_paid_is_told(books: Books, told: list[Event]) -> None:
    payment = await books.opened()
    books.stripe.expire(payment.reference)
    await books.refresh(payment.id)

    assert names(told) == ["failed"]


async def test_an_event_waits_in_the_outbox_since_the_payment_is_completed(books: Books) -> None:
    state = books.data.state
    async with state.database.begin() as connection:
        await connection.run_sync(cast("Table", OutboxEntry.__table__).create, checkfirst=True)
    state.outbox = Outbox(state.database, 100_000)
    state.relay = SimpleNamespace(wake=lambda: None)
    state.http = SimpleNamespace(header_providers=[])
    payment_events.install(books.data, None)

    payment = await books.paid()

    waiting = await books.sql("SELECT routing_key, subject FROM outbox")
    assert waiting == [("provider_payment.completed.v1", payment.id)]


@pytest.mark.parametrize("event", PUBLISHED, ids=lambda event: event.routing_key())
def test_an_event_holds_what_was_promised(event: type[Event]) -> None:
    held = {path: kind for path, kind in contract(event).items() if path.startswith("data")}

    assert held == DATA
