"""A payment goes to the other provider if the first one surely has not opened it, and never else."""

from typing import Any

import pytest

from chassis.resilience import Breaker
from chassis_payments import payment_fallback
from chassis_payments.data import payment_fallback as turning
from chassis_payments.opening import OpenPayment
from chassis_payments.payments import Attempt
from chassis_payments.provider_breakers import Guarded
from chassis_payments.testing.books import NEW, PAYMENTS, Books
from chassis_payments.testing.stand_in import Fault

ATTEMPTS = "SELECT provider, state FROM provider_attempts ORDER BY created_at"


@pytest.fixture(autouse=True)
def fallback(books: Books) -> None:
    turning.install(books.data, None)
    payment_fallback.install(books.shop, payment_fallback.Settings())


def leave_alone(books: Books, provider: Any) -> Breaker:
    """Have the breaker before a provider open."""
    breaker = Breaker(1, 0.5, 60)
    calls = books.providers.known[provider].calls
    calls.send = Guarded(calls.send, breaker)
    breaker.settle(trying=breaker.admit(), failed=True)
    return breaker


@pytest.mark.parametrize(("first", "second"), [("stripe", "paypal"), ("paypal", "stripe")])
async def test_what_one_refuses_the_other_opens(books: Books, first: str, second: str) -> None:
    (books.stripe if first == "stripe" else books.paypal).faults.append(Fault(status=402))

    payment = await books.open(key="k1", provider=first)

    assert (payment["provider"], payment["state"]) == (second, "pending")
    assert payment["checkout_url"]
    assert await books.open(key="k1", provider=first) == payment  # the same key is the same one
    assert await books.sql(ATTEMPTS) == [(first, "refused"), (second, "done")]
    assert (len(books.stripe.sessions), len(books.paypal.orders)) in {(0, 1), (1, 0)}


async def test_what_was_turned_is_paid_and_given_back_there(books: Books) -> None:
    books.stripe.faults.append(Fault(status=402))
    payment = await books.opened()
    books.paypal.approve(payment.reference)
    await books.deliver(books.paypal.sent[-1], "paypal")
    await books.act()

    assert (await books.refund(payment.id, amount=50)).json()["state"] == "completed"
    assert await books.moved(payment.id) == [("charge", 1050), ("refund", 50)]
    assert books.paypal.charged == 1


async def test_a_provider_that_is_left_alone_is_passed_over(books: Books) -> None:
    leave_alone(books, "stripe")

    payment = await books.open()

    assert (payment["provider"], payment["state"]) == ("paypal", "pending")
    assert books.stripe.calls == []


@pytest.mark.parametrize("fault", [Fault(lost=True), Fault(status=500), Fault(status=409)])
async def test_what_is_in_doubt_stays_where_it_is(books: Books, fault: Fault) -> None:
    books.stripe.faults.append(fault)

    payment = await books.open(key="k1")
    assert (payment["provider"], payment["state"]) == ("stripe", "unknown")
    leave_alone(books, "stripe")
    again = await books.open(key="k1")

    assert (again["provider"], again["state"]) == ("stripe", "unknown")
    assert books.paypal.orders == {}


async def test_what_may_have_been_sent_before_stays_where_it_is(books: Books) -> None:
    books.stripe.faults.append(Fault(status=429))
    headers = {"Idempotency-Key": "k1"}
    assert (await books.business.post(PAYMENTS, json=NEW, headers=headers)).status_code == 503
    leave_alone(books, "stripe")

    again = await books.business.post(PAYMENTS, json=NEW, headers=headers)

    assert again.status_code == 503
    assert books.paypal.orders == {}


async def test_a_provider_that_cannot_be_reached_is_no_reason_yet(books: Books) -> None:
    books.stripe.faults.append(Fault(status=429))

    assert (await books.business.post(PAYMENTS, json=NEW)).status_code == 503
    assert books.paypal.orders == {}


async def test_a_key_that_is_not_taken_is_no_refusal(books: Books) -> None:
    books.stripe.faults.append(Fault(status=401))

    assert (await books.business.post(PAYMENTS, json=NEW)).status_code == 503
    assert books.paypal.orders == {}


async def test_what_both_refuse_has_failed(books: Books) -> None:
    books.stripe.faults.append(Fault(status=402))
    books.paypal.faults.append(Fault(status=422))

    payment = await books.open()

    assert (payment["state"], payment["provider"]) == ("failed", "paypal")
    assert await books.sql(ATTEMPTS) == [("stripe", "refused"), ("paypal", "refused")]


async def test_what_the_other_has_no_currency_for_is_refused_by_the_first(books: Books) -> None:
    books.stripe.faults.append(Fault(status=402))

    payment = await books.open(currency="ISK", amount=5)

    assert (payment["state"], payment["provider"]) == ("failed", "stripe")


async def test_what_the_other_does_not_confirm_is_in_doubt_there(books: Books) -> None:
    books.stripe.faults.append(Fault(status=402))
    books.paypal.faults.append(Fault(lost=True))

    payment = await books.open()
    assert (payment["state"], payment["provider"]) == ("unknown", "paypal")
    await books.age()
    await books.look()

    assert (await books.show(payment["id"]))["state"] == "pending"
    assert len(books.paypal.orders) == 1


async def test_a_late_word_of_the_first_one_changes_nothing(books: Books) -> None:
    books.stripe.faults.append(Fault(status=402))
    payment = await books.opened()

    for late in (Attempt(state="unknown"), Attempt(state="refused")):
        await books.payments.note(payment.id, f"open-{payment.id}", late)

    assert (await books.payments.get(payment.id)).state == "pending"


async def test_it_can_be_turned_off(books: Books) -> None:
    books.shop.state.open_payment = OpenPayment
    payment_fallback.install(books.shop, payment_fallback.Settings(payments_fallback=False))
    books.stripe.faults.append(Fault(status=402))

    payment = await books.open()

    assert (payment["state"], payment["provider"]) == ("failed", "stripe")
