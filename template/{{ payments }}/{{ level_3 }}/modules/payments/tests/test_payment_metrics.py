"""What a data service tells of payments."""

from collections.abc import Awaitable, Callable

import pytest

from chassis.environment import Service
from chassis.metrics import Metrics
from chassis_payments.data import payment_metrics
from chassis_payments.testing.books import Books
from chassis_payments.testing.stand_in import Fault

type Told = Callable[[], Awaitable[list[str]]]


@pytest.fixture
def told(books: Books) -> Told:
    metrics = books.data.state.metrics = Metrics(Service("books", "1", "test"))
    payment_metrics.install(books.data, None)

    async def lines() -> list[str]:
        return (await metrics.told(""))[0].decode().splitlines()

    return lines


async def test_what_payments_come_to_is_counted(books: Books, told: Told) -> None:
    payment = await books.paid()
    await books.refund(payment.id, amount=400)
    books.stripe.dispute(payment.charge)
    await books.refresh(payment.id)
    await books.opened(provider="paypal")

    lines = await told()

    assert 'provider_payments_total{provider="stripe",state="pending"} 1.0' in lines
    assert 'provider_payments_total{provider="stripe",state="completed"} 1.0' in lines
    assert 'provider_payments_total{provider="stripe",state="failed"} 0.0' in lines
    assert 'provider_payments_total{provider="paypal",state="pending"} 1.0' in lines
    assert 'provider_refunds_total{provider="stripe",state="completed"} 1.0' in lines
    assert 'provider_disputes_total{provider="stripe",state="open"} 1.0' in lines
    assert 'provider_disputes_total{provider="paypal",state="open"} 0.0' in lines


async def test_what_waits_is_told(books: Books, told: Told) -> None:
    assert "provider_events_waiting 0.0" in await told()
    assert "provider_payments_unknown_oldest_seconds 0.0" in await told()
    books.stripe.pay((await books.opened()).reference)
    await books.deliver(books.stripe.sent[0])
    books.stripe.faults.append(Fault(status=500))
    await books.open()
    await books.sql("UPDATE provider_payments SET created_at = now() - interval '90 s'")
    await books.sql("UPDATE provider_events SET created_at = now() - interval '70 s'")

    lines = await told()

    assert "provider_events_waiting 1.0" in lines
    assert "provider_payments_unknown 1.0" in lines
    values = dict(
        line.split(" ") for line in lines if line.startswith("provider_") and "{" not in line
    )
    assert 70 <= float(values["provider_events_oldest_seconds"]) < 80
    assert 90 <= float(values["provider_payments_unknown_oldest_seconds"]) < 100


async def test_refunds_that_nobody_has_answered_are_told(books: Books, told: Told) -> None:
    payment = await books.paid()
    books.stripe.faults += [Fault(status=500), Fault(status=429)]
    for _ in range(3):  # in doubt, not asked for, and made
        await books.refund(payment.id, amount=10)
    await books.sql("UPDATE provider_refunds SET created_at = now() - interval '90 s'")

    lines = await told()

    assert "provider_refunds_unknown 2.0" in lines
    (age,) = (one for one in lines if one.startswith("provider_refunds_unknown_oldest_seconds "))
    assert 90 <= float(age.split()[1]) < 100


async def test_what_became_of_webhooks_is_counted(books: Books, told: Told) -> None:
    books.stripe.pay((await books.opened()).reference)
    for sent in books.stripe.sent:
        await books.deliver(sent)
    books.stripe.sessions.clear()
    await books.act()
    await books.sql("UPDATE provider_events SET attempts = 30, due_at = now() - interval '1 s'")
    await books.act()

    lines = await told()

    number = len(books.stripe.sent)
    assert f'provider_events_total{{provider="stripe",state="new"}} {number}.0' in lines
    assert f'provider_events_total{{provider="stripe",state="failed"}} {number}.0' in lines
    assert 'provider_events_total{provider="stripe",state="done"} 0.0' in lines
