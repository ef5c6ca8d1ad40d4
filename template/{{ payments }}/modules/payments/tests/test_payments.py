"""Payments, from opening to giving back, whatever happens on the way."""

import asyncio
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest

from chassis.problems import OutcomeUnknown, Unavailable
from chassis_payments.payments import NewProviderRefund, Seen
from chassis_payments.providers import PayPal, Stripe
from chassis_payments.testing.books import NEW, PAYMENTS, Books
from chassis_payments.testing.stand_in import Fault


@pytest.mark.parametrize("provider", ["stripe", "paypal"])
async def test_a_payment_is_opened_paid_and_given_back_in_parts(
    books: Books, provider: str
) -> None:
    payment = await books.open(provider=provider)
    assert (payment["state"], payment["refunded"]) == ("pending", 0)
    assert "/pay/" in payment["checkout_url"]
    stored = await books.payments.get(UUID(payment["id"]))
    if provider == "stripe":
        books.stripe.pay(stored.reference or "")
    else:
        books.paypal.approve(stored.reference or "")
    for sent in (books.stripe if provider == "stripe" else books.paypal).sent:
        assert (await books.deliver(sent, provider)).status_code == 204

    assert await books.act() > 0

    paid = await books.show(payment["id"])
    assert (paid["state"], paid["checkout_url"]) == ("completed", None)
    assert await books.moved(payment["id"]) == [("charge", 1050)]
    first = (await books.refund(payment["id"], amount=50)).json()
    rest = (await books.refund(payment["id"])).json()
    assert [(one["amount"], one["state"]) for one in (first, rest)] == [
        (50, "completed"),
        (1000, "completed"),
    ]
    assert (await books.show(payment["id"]))["refunded"] == 1050
    assert (await books.refund(payment["id"], amount=1)).status_code == 409
    await books.refresh(UUID(payment["id"]))
    assert sorted(await books.moved(payment["id"])) == [
        ("charge", 1050),
        ("refund", 50),
        ("refund", 1000),
    ]
    listed = (await books.business.get(f"{PAYMENTS}/{payment['id']}/refunds")).json()
    assert [one["amount"] for one in listed] == [50, 1000]
    shown = (await books.business.get(f"{PAYMENTS}/{payment['id']}/transactions")).json()
    assert len(shown) == 3


async def test_twenty_copies_of_one_webhook_have_one_effect(books: Books) -> None:
    payment = await books.opened()
    books.stripe.pay(payment.reference)

    answers = await asyncio.gather(*(books.deliver(books.stripe.sent[0]) for _ in range(20)))
    await asyncio.gather(*(books.act() for _ in range(5)))

    assert {one.status_code for one in answers} == {204}
    assert await books.sql("SELECT count(*) FROM provider_events") == [(1,)]
    assert await books.moved(payment.id) == [("charge", 1050)]
    assert await books.act() == 0


async def test_a_late_failure_does_not_demote_what_is_paid(books: Books) -> None:
    payment = await books.opened()
    books.stripe.decline(payment.reference)
    books.stripe.pay(payment.reference)

    for sent in reversed(books.stripe.sent):
        await books.deliver(sent)
    await books.act()

    paid = await books.payments.get(payment.id)
    assert paid.state == "completed"
    late = Seen(state="failed", reference=payment.reference, amount=1050, currency="EUR")
    assert (await books.payments.write_down(paid, late)).state == "completed"


@pytest.mark.parametrize("provider", ["stripe", "paypal"])
async def test_an_answer_that_is_lost_after_opening_is_looked_up(
    books: Books, provider: str
) -> None:
    stand_in = books.stripe if provider == "stripe" else books.paypal
    stand_in.faults.append(Fault(lost=True))

    payment = await books.open(provider=provider, key="k1")
    assert payment["state"] == "unknown"
    again = await books.open(provider=provider, key="k1")
    assert again["id"] == payment["id"]
    await books.look()
    assert (await books.show(payment["id"]))["state"] == "unknown"  # it may still be under way
    await books.age()
    await books.look()

    found = await books.show(payment["id"])
    assert (found["state"], bool(found["checkout_url"])) == ("pending", True)
    assert len(books.stripe.sessions) + len(books.paypal.orders) == 1


async def test_what_never_arrived_is_asked_for_again_under_its_key(books: Books) -> None:
    books.stripe.faults.append(Fault(status=503))
    payment = await books.open()
    await books.age()

    await books.look()

    assert (await books.show(payment["id"]))["state"] == "pending"
    assert len(books.stripe.sessions) == 1


@pytest.mark.parametrize("mode", ["checkout", "intent"])
async def test_what_has_failed_for_good_is_asked_for_under_another_key(
    books: Books, mode: Any
) -> None:
    stripe = books.providers.known["stripe"]
    assert isinstance(stripe, Stripe)
    stripe.mode = mode
    books.stripe.faults += [Fault(status=500)] * 2  # of two keys; each is answered so for ever
    payment = await books.open(key="k1")
    made = books.stripe.sessions if mode == "checkout" else books.stripe.intents
    seen: list[int] = []

    for _ in range(5):
        await books.age()
        await books.look()
        seen.append(len(made))

    assert seen == [0, 0, 0, 1, 1]
    assert (await books.open(key="k1"))["state"] == "pending"
    assert await books.sql("SELECT key, state FROM provider_attempts ORDER BY created_at") == [
        (f"open-{payment['id']}", "failed"),
        (f"open-{payment['id']}-2", "failed"),
        (f"open-{payment['id']}-3", "done"),
    ]


async def test_what_was_opened_by_an_earlier_attempt_is_found(books: Books) -> None:
    books.stripe.faults.append(Fault(status=500))
    payment = await books.open()
    await books.age()
    await books.look()  # the next attempt is noted
    await books.age(hours=3)
    (stored,) = await books.payments.unsettled("stripe", 0)
    await books.providers.known["stripe"].open(stored.model_copy(update={"attempt": "rolled"}))
    for one in books.stripe.sessions.values():  # as the provider has repaired it after all
        one["created"] = int(stored.created_at.timestamp())

    await books.look()

    assert (await books.show(payment["id"]))["state"] == "pending"
    assert len(books.stripe.sessions) == 1


async def test_a_refund_that_has_failed_for_good_is_made_once_under_another_key(
    books: Books,
) -> None:
    payment = await books.paid()
    books.stripe.faults.append(Fault(status=500))

    assert (await books.refund(payment.id, amount=400)).json()["state"] == "unknown"
    await books.age()
    await asyncio.gather(books.look(), books.look())
    await books.age(hours=0.5)  # what the provider finds out of it may still show
    await books.look()
    assert books.stripe.refunds == {}
    assert [one.attempt for one in await books.payments.refunds(payment.id)] == [2]
    await books.age(hours=1)
    await asyncio.gather(books.look(), books.look())
    await books.look()

    assert [one.state for one in await books.payments.refunds(payment.id)] == ["completed"]
    assert await books.moved(payment.id) == [("charge", 1050), ("refund", 400)]
    assert len(books.stripe.refunds) == 1


async def test_a_refund_that_failed_and_was_made_all_the_same_is_not_made_again(
    books: Books,
) -> None:
    payment = await books.paid()
    books.stripe.faults.append(Fault(status=500))
    refund = (await books.refund(payment.id, amount=400)).json()
    await books.age()
    await books.look()
    books.stripe.give_back(payment.charge, 400, {"refund": refund["id"]})  # they have rolled it on
    await books.age(hours=2)

    await books.look()

    assert [one.state for one in await books.payments.refunds(payment.id)] == ["completed"]
    assert len(books.stripe.refunds) == 1


async def test_what_keeps_failing_is_given_up(books: Books) -> None:
    payment = await books.paid()
    books.stripe.faults += [Fault(status=500)] * 200
    opened = await books.open()
    await books.refund(payment.id, amount=400)

    for _ in range(8):
        await books.age(hours=8)
        await books.look()

    assert (await books.show(opened["id"]))["state"] == "failed"
    assert [one.state for one in await books.payments.refunds(payment.id)] == ["failed"]
    assert len(books.stripe.refunds) == 0


@pytest.mark.parametrize("provider", ["stripe", "paypal"])
async def test_what_never_arrived_and_is_too_old_is_given_up(books: Books, provider: str) -> None:
    stand_in = books.stripe if provider == "stripe" else books.paypal
    stand_in.faults.append(Fault(status=500))
    payment = await books.open(provider=provider)
    await books.age(hours=30)

    await books.look()

    given_up = await books.show(payment["id"])
    assert (given_up["state"], given_up["reason"]) == ("failed", "It never reached the provider.")
    assert not books.stripe.sessions
    assert not books.paypal.orders


async def test_an_old_order_that_was_paid_is_found_by_what_it_moved(books: Books) -> None:
    books.paypal.faults.append(Fault(lost=True))
    payment = await books.open(provider="paypal")
    await books.age(hours=30)
    (order,) = books.paypal.orders.values()
    order["#at"] = (await books.payments.get(UUID(payment["id"]))).attempted_at.isoformat()
    books.paypal.approve(order["id"])
    books.paypal.collect(order)

    await books.look()

    assert (await books.show(payment["id"]))["state"] == "completed"
    assert await books.moved(payment["id"]) == [("charge", 1050)]


async def test_a_slow_provider_charges_once(books: Books) -> None:
    payment = await books.opened(provider="paypal")
    books.providers.known["paypal"].calls.client.timeout = 0.3
    books.paypal.faults.append(Fault(late_s=0.9))
    books.paypal.approve(payment.reference)

    await books.refresh(payment.id)  # the money is taken after the answer is given up
    assert (await books.payments.get(payment.id)).state == "unknown"
    await asyncio.gather(*(books.refresh(payment.id) for _ in range(4)), return_exceptions=True)
    await asyncio.sleep(1)
    await books.refresh(payment.id)

    assert (await books.payments.get(payment.id)).state == "completed"
    assert books.paypal.charged == 1
    assert await books.moved(payment.id) == [("charge", 1050)]


async def test_a_worker_that_ends_between_the_money_and_the_book_is_followed_by_another(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = await books.opened(provider="paypal")
    books.paypal.approve(payment.reference)
    collect = books.providers.known["paypal"].collect

    async def killed(found: object) -> None:
        await collect(found)  # type: ignore[arg-type]
        raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr(books.providers.known["paypal"], "collect", killed)
        with pytest.raises(asyncio.CancelledError):
            await books.refresh(payment.id)
    assert await books.moved(payment.id) == []
    await books.age()

    await books.look()

    assert books.paypal.charged == 1
    assert await books.moved(payment.id) == [("charge", 1050)]


async def test_the_same_key_is_the_same_payment(books: Books) -> None:
    opened = await asyncio.gather(*(books.open(key="one") for _ in range(5)))

    assert len({one["id"] for one in opened}) == 1
    assert len(books.stripe.sessions) == 1
    other = await books.business.post(
        PAYMENTS, json={**NEW, "amount": 2}, headers={"Idempotency-Key": "one"}
    )
    assert other.status_code == 409


def test_routes_say_that_they_know_their_keys(books: Books) -> None:
    """Else they would be remembered for a day only, and refused where nobody knows of them."""
    posts = {path: of["post"] for path, of in books.shop.openapi()["paths"].items() if "post" in of}

    knowing = {path for path, post in posts.items() if post.get("x-knows-keys")}
    assert knowing == {PAYMENTS, f"{PAYMENTS}/{{payment_id}}/refunds"}


async def test_a_provider_that_is_away_has_done_nothing(books: Books) -> None:
    books.stripe.faults.append(Fault(status=429))

    answer = await books.business.post(PAYMENTS, json=NEW, headers={"Idempotency-Key": "again"})

    assert answer.status_code == 503
    assert (await books.open(key="again"))["state"] == "pending"
    assert len(books.stripe.sessions) == 1


async def test_what_is_refused_is_failed_and_says_why(books: Books) -> None:
    books.stripe.faults.append(Fault(status=402))

    payment = await books.open()

    assert (payment["state"], payment["reason"]) == ("failed", "Stripe: api_error")


async def test_a_payment_belongs_to_a_record_that_is_there(books: Books) -> None:
    record = uuid4()
    await books.sql(f"INSERT INTO invoices_that_wait_to_be_paid_for (id) VALUES ('{record}')")  # noqa: S608
    owner = {"entity": "invoices-that-wait-to-be-paid-for", "entity_id": str(record)}

    payment = await books.open(**owner)

    query = {"entity": "invoices_that_wait_to_be_paid_for", "entity_id": str(record)}
    listed = (await books.business.get(PAYMENTS, params=query)).json()["items"]
    assert [one["id"] for one in listed] == [payment["id"]]
    assert payment["checkout_url"]
    assert not {"checkout_url", "client_secret"} & listed[0].keys()  # of who pays, and nobody else
    for wrong in (
        {**owner, "entity_id": str(uuid4())},
        {**owner, "entity": "provider_events"},
        {"entity": "invoices-that-wait-to-be-paid-for"},
    ):
        assert (await books.business.post(PAYMENTS, json={**NEW, **wrong})).status_code == 422


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": 0},
        {"amount": 10.5},
        {"currency": "EURO"},
        {"currency": "QQQ"},
        {"amount": 1, "currency": "HUF", "provider": "paypal"},
        {"currency": "ISK", "provider": "paypal"},
        {"return_url": "javascript:alert(1)"},
        {"provider": "cash"},
        {"card_number": "4242424242424242"},
        {"metadata": {"#sealed": "a:b"}},
    ],
)
async def test_what_is_no_payment_is_refused_before_anything_is_sent(
    books: Books, wrong: dict[str, object]
) -> None:
    assert (await books.business.post(PAYMENTS, json={**NEW, **wrong})).status_code == 422
    assert books.stripe.calls == books.paypal.calls == []
    assert await books.sql("SELECT count(*) FROM provider_payments") == [(0,)]


async def test_what_is_paid_as_another_amount_is_not_believed(books: Books) -> None:
    payment = await books.opened()
    books.stripe.sessions[payment.reference]["amount_total"] = 1
    books.stripe.pay(payment.reference)
    await books.deliver(books.stripe.sent[0])

    await books.act()

    assert (await books.payments.get(payment.id)).state == "pending"
    rows = await books.sql("SELECT state, attempts, error FROM provider_events")
    assert rows == [("new", 1, "The provider speaks of another amount than was asked for.")]
    assert await books.act() == 0  # it waits


async def test_parallel_refunds_give_back_no_more_than_was_paid(books: Books) -> None:
    payment = await books.paid()

    answers = await asyncio.gather(*(books.refund(payment.id, amount=400) for _ in range(5)))

    assert sorted(one.status_code for one in answers) == [201, 201, 409, 409, 409]
    assert sum(one["amount"] for one in books.stripe.refunds.values()) == 800


@pytest.mark.parametrize("provider", ["stripe", "paypal"])
async def test_a_refund_whose_answer_is_lost_is_made_once(books: Books, provider: str) -> None:
    payment = await books.paid(provider=provider)
    (books.stripe if provider == "stripe" else books.paypal).faults.append(Fault(lost=True))

    refund = (await books.refund(payment.id, key="r1", amount=400)).json()
    assert refund["state"] == "unknown"
    assert (await books.refund(payment.id, key="r1", amount=400)).json()["id"] == refund["id"]
    assert (await books.refund(payment.id, amount=1000)).status_code == 409  # it is held
    await books.age()
    await books.look()

    assert [one.state for one in await books.payments.refunds(payment.id)] == ["completed"]
    assert await books.moved(payment.id) == [("charge", 1050), ("refund", 400)]


async def test_a_refund_that_never_arrived_is_asked_for_again(books: Books) -> None:
    payment = await books.paid()
    books.stripe.faults.append(Fault(status=429))
    assert (await books.refund(payment.id, amount=400)).json()["state"] == "pending"
    await books.age()

    await books.look()

    assert (await books.payments.get(payment.id)).refunded == 400
    assert len(books.stripe.refunds) == 1


async def test_a_refund_that_was_refused_holds_nothing(books: Books) -> None:
    payment = await books.paid()
    books.stripe.faults.append(Fault(status=400))
    refused = (await books.refund(payment.id)).json()

    assert (refused["state"], refused["amount"]) == ("failed", 1050)
    assert (await books.refund(payment.id)).json()["state"] == "completed"
    assert (await books.refund((await books.opened()).id)).status_code == 409


@pytest.mark.parametrize("provider", ["stripe", "paypal"])
async def test_what_was_given_back_elsewhere_is_written_down(books: Books, provider: str) -> None:
    payment = await books.paid(provider=provider)
    if provider == "stripe":
        books.stripe.give_back(payment.charge, 50)
    else:
        books.paypal.give_back(
            payment.charge, {"amount": {"currency_code": "EUR", "value": "0.50"}}
        )
    stand_in = books.stripe if provider == "stripe" else books.paypal

    await books.deliver(stand_in.sent[-1], provider)
    await books.act()

    assert (await books.payments.get(payment.id)).refunded == 50
    assert await books.moved(payment.id) == [("charge", 1050), ("refund", 50)]


async def test_a_refund_that_comes_back_has_a_movement_of_its_own(books: Books) -> None:
    payment = await books.paid()
    await books.refund(payment.id, amount=400)
    await books.refund(payment.id, amount=50)
    books.stripe.fail(next(iter(books.stripe.refunds)))

    for _ in range(2):
        await books.deliver(books.stripe.sent[-1])
        await books.act()
        await books.refresh(payment.id)

    assert (await books.payments.get(payment.id)).refunded == 50
    assert sorted(await books.moved(payment.id)) == [
        ("charge", 1050),
        ("refund", 50),
        ("refund", 400),
        ("returned", 400),
    ]
    assert (await books.refund(payment.id)).json()["amount"] == 1000


@pytest.mark.parametrize("provider", ["stripe", "paypal"])
async def test_what_others_call_their_refunds_is_not_believed(books: Books, provider: str) -> None:
    payment, other = [await books.paid(provider=provider) for _ in range(2)]
    theirs = (await books.refund(other.id, amount=10)).json()["id"]

    for name in ("ticket 7", theirs, str(payment.id), str(payment.id)):
        if provider == "stripe":
            books.stripe.give_back(payment.charge, 50, {"refund": name})
        else:
            money = {"currency_code": "EUR", "value": "0.50"}
            books.paypal.give_back(payment.charge, {"amount": money, "custom_id": name})
        await books.refresh(payment.id)

    assert (await books.payments.get(payment.id)).refunded == 200
    assert await books.moved(payment.id) == [("charge", 1050), *[("refund", 50)] * 4]


async def test_a_refund_that_was_made_and_not_written_down_is_looked_up(books: Books) -> None:
    payment = await books.paid(provider="paypal")
    refund_id = uuid5(payment.id, "r1")
    refund = await books.payments.begin_refund(payment.id, refund_id, NewProviderRefund(amount=400))
    await books.providers.known["paypal"].refund(payment, refund)  # and whoever asked has ended
    await books.age(hours=6)

    again = (await books.refund(payment.id, key="r1", amount=400)).json()

    assert (again["id"], again["state"]) == (str(refund_id), "completed")
    assert (await books.payments.get(payment.id)).refunded == 400


async def test_a_token_that_ends_early_is_replaced(books: Books) -> None:
    payment = await books.opened(provider="paypal")
    paypal = books.providers.known["paypal"]
    assert isinstance(paypal, PayPal)
    paypal._token = "revoked"  # noqa: S105
    books.paypal.approve(payment.reference)

    assert (await books.refresh(payment.id)).state == "completed"


async def test_wrong_credentials_say_nothing_of_a_payment(books: Books) -> None:
    payment = await books.opened(provider="paypal")
    paypal = books.providers.known["paypal"]
    assert isinstance(paypal, PayPal)
    paypal._until, paypal._credentials = 0, ("stand-in", "of before")

    with pytest.raises(Unavailable):
        await books.refresh(payment.id)

    assert (await books.payments.get(payment.id)).state == "pending"


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("provider", ["stripe", "paypal"])
async def test_nothing_is_done_and_nothing_fails_while_a_provider_does_not_know_the_key(
    books: Books, provider: str, status: int
) -> None:
    paid = await books.paid(provider=provider)
    stand_in = books.stripe if provider == "stripe" else books.paypal
    stand_in.faults += [Fault(status=status)] * 4  # PayPal is asked with a new token, too
    opening: dict[str, Any] = {
        "json": {**NEW, "provider": provider},
        "headers": {"Idempotency-Key": "k1"},
    }

    opened = await books.business.post(PAYMENTS, **opening)
    stand_in.faults = [Fault(status=status)] * 2
    refund = (await books.refund(paid.id, key="r1", amount=400)).json()

    assert (opened.status_code, refund["state"]) == (503, "pending")
    stand_in.faults.clear()
    again = await books.business.post(PAYMENTS, **opening)
    assert (again.status_code, again.json()["state"]) == (201, "pending")
    refund = (await books.refund(paid.id, key="r1", amount=400)).json()
    assert refund["state"] == "completed"


async def test_what_is_agreed_to_is_collected_once_the_key_is_right(books: Books) -> None:
    payment = await books.opened(provider="paypal")
    books.paypal.approve(payment.reference)
    books.paypal.faults += [Fault(status=401)] * 2

    with pytest.raises(Unavailable):
        await books.refresh(payment.id)

    assert (await books.refresh(payment.id)).state == "completed"
    assert books.paypal.charged == 1


async def test_what_cannot_be_looked_up_holds_up_no_other(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis_payments.data.provider_payments.repository.AT_ONCE", 1)
    await books.opened(provider="paypal")
    await books.age(hours=1)
    books.stripe.faults.append(Fault(lost=True))
    payment = await books.open()
    await books.age()
    monkeypatch.delitem(books.providers.known, "paypal")  # the account is given up

    for _ in range(20):
        await books.look()

    assert (await books.show(payment["id"]))["state"] == "pending"


@pytest.mark.parametrize("provider", ["stripe", "paypal"])
async def test_nothing_is_given_back_during_a_dispute(books: Books, provider: str) -> None:
    payment = await books.paid(provider=provider)
    stand_in = books.stripe if provider == "stripe" else books.paypal
    stand_in.dispute(payment.charge)
    await books.deliver(stand_in.sent[-1], provider)
    await books.act()

    assert (await books.show(payment.id))["disputed"] == "open"
    assert (await books.refund(payment.id)).status_code == 409
    if provider == "stripe":
        books.stripe.dispute(payment.charge, "lost")
    else:
        books.paypal.dispute(payment.charge, "RESOLVED", "RESOLVED_BUYER_FAVOUR")
    await books.refresh(payment.id)

    assert (await books.show(payment.id))["disputed"] == "lost"
    assert await books.moved(payment.id) == [("charge", 1050), ("dispute", 1050)]


async def test_a_session_that_ends_unpaid_is_expired(books: Books) -> None:
    payment = await books.opened()
    books.stripe.expire(payment.reference)
    order = await books.opened(provider="paypal")
    books.paypal.hidden.add(order.reference)
    voided = await books.opened(provider="paypal")
    books.paypal.void(voided.reference)

    states = [(await books.refresh(one.id)).state for one in (payment, order, voided)]

    assert states == ["expired", "expired", "canceled"]


async def test_the_page_that_people_return_to_can_look_at_once(books: Books) -> None:
    payment = await books.opened()
    books.stripe.pay(payment.reference)

    answer = await books.business.post(f"{PAYMENTS}/{payment.id}/look")

    assert answer.json()["state"] == "completed"


async def test_outcomes_that_nobody_knows_are_no_failures(books: Books) -> None:
    payment = await books.opened(provider="paypal")
    books.paypal.faults.append(Fault(lost=True))
    books.paypal.approve(payment.reference)
    with pytest.raises(OutcomeUnknown):
        await books.providers.known["paypal"].collect(payment)
    assert books.paypal.charged == 1
    await books.refresh(payment.id)
    assert (await books.payments.get(payment.id)).state == "completed"


async def test_a_payment_may_be_made_in_a_form_of_ones_own_page(books: Books) -> None:
    stripe = books.providers.known["stripe"]
    assert isinstance(stripe, Stripe)
    stripe.mode = "intent"
    books.stripe.faults.append(Fault(lost=True))
    payment = await books.open()
    await books.age()
    await books.look()

    opened = await books.show(payment["id"])
    assert (opened["state"], opened["checkout_url"]) == ("pending", None)
    assert opened["client_secret"].startswith("pi_")
    (intent,) = books.stripe.intents
    books.stripe.decline(intent)
    assert (await books.refresh(UUID(payment["id"]))).reason == "insufficient_funds"
    books.stripe.pay(intent)  # with another card

    paid = await books.refresh(UUID(payment["id"]))

    assert (paid.state, paid.client_secret) == ("completed", None)
    assert await books.moved(payment["id"]) == [("charge", 1050)]


async def test_what_a_later_version_writes_takes_no_others_along(books: Books) -> None:
    later, payment = await books.opened(), await books.opened()
    await books.age()
    await books.sql(f"UPDATE provider_payments SET disputed = 'asked' WHERE id = '{later.id}'")  # noqa: S608

    shown = (await books.business.get(PAYMENTS)).json()["items"]
    assert {one["id"]: one["disputed"] for one in shown} == {
        str(later.id): "asked",
        str(payment.id): None,
    }
    assert {one.id for one in await books.payments.unsettled("stripe", 0)} == {later.id, payment.id}


async def test_what_does_not_fit_is_left_out_of_what_a_provider_says(books: Books) -> None:
    payment = await books.opened()
    seen = Seen(
        state="pending",
        reference=payment.reference or "",
        amount=payment.amount,
        currency=payment.currency,
        checkout_url=f"https://pay.example/{'x' * 4000}",
        client_secret="s" * 256,
    )

    written = await books.payments.write_down(payment, seen)

    assert (written.checkout_url, written.client_secret) == (None, None)


async def test_the_refunds_of_a_payment_have_a_bound(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis_payments.data.provider_payments.repository.MOST_REFUNDS", 2)
    payment = await books.paid()

    answers = [await books.refund(payment.id, amount=1) for _ in range(3)]

    assert [one.status_code for one in answers] == [201, 201, 409]
