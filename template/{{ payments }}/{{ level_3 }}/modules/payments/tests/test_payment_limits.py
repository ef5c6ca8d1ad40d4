"""Nobody asks for payments without end, and what a rule of the project says is refused."""

import asyncio
from uuid import UUID

import pytest

from chassis.environment import Service
from chassis.fraud_rules import PaymentAsked
from chassis.metrics import Metrics
from chassis_payments import payment_limits
from chassis_payments.data import payment_turns
from chassis_payments.payment_limits.rules import declared_rules
from chassis_payments.testing.books import NEW, PAYMENTS, Books


class Rules:
    """A rule that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[PaymentAsked] = []
        self.refuses = False

    async def __call__(self, asked: PaymentAsked) -> bool:
        self.told.append(asked)
        return self.refuses


@pytest.fixture
def rules(books: Books) -> Rules:
    noted = Rules()
    books.shop.state.metrics = Metrics(Service("books", "1", "test"))
    payment_turns.install(books.data, None)
    settings = payment_limits.Settings(payments_per_minute=3, refunds_per_minute=2)
    payment_limits.install(books.shop, settings)
    books.shop.state.payment_limits.rules = [noted]
    return noted


def refused(books: Books, act: str, by: str) -> float | None:
    told = books.shop.state.metrics.registry.get_sample_value
    value: float | None = told("provider_payments_refused_total", {"act": act, "by": by})
    return value


async def test_of_many_at_once_no_more_pass_than_may(books: Books, rules: Rules) -> None:
    answers = await asyncio.gather(*(books.business.post(PAYMENTS, json=NEW) for _ in range(8)))

    assert sorted(one.status_code for one in answers) == [201] * 3 + [429] * 5
    late = next(one for one in answers if one.status_code == 429)
    assert late.headers["content-type"] == "application/problem+json"
    assert 1 <= int(late.headers["retry-after"]) <= 60
    assert len(books.stripe.sessions) == 3
    assert refused(books, "open", "limit") == 5


async def test_after_a_while_there_is_a_turn_again(books: Books, rules: Rules) -> None:
    for _ in range(3):
        await books.open()
    assert (await books.business.post(PAYMENTS, json=NEW)).status_code == 429

    await books.sql("UPDATE payment_turns SET created_at = created_at - interval '61 s'")

    assert (await books.business.post(PAYMENTS, json=NEW)).status_code == 201
    assert [one.recent_number for one in rules.told] == [0, 1, 2, 3]


async def test_a_key_that_comes_again_takes_no_turn(books: Books, rules: Rules) -> None:
    ids = {(await books.open(key="k1"))["id"] for _ in range(6)}

    assert len(ids) == 1
    assert len(rules.told) == 1  # it was let pass, so a repeat is answered


async def test_callers_do_not_take_turns_of_each_other(books: Books, rules: Rules) -> None:
    settings = payment_limits.Settings(payments_per_minute=1, client_address_header="X-Where")
    books.shop.state.payment_limits._settings = settings

    async def status(where: str) -> int:
        headers = {"X-Where": where}
        return (await books.business.post(PAYMENTS, json=NEW, headers=headers)).status_code

    assert await status("198.51.100.1, 198.51.100.2") == 201
    assert await status("198.51.100.9, 198.51.100.2") == 429  # who is last was told by the gateway
    assert await status("198.51.100.3") == 201
    assert await status("2001:db8::1") == 201
    assert await status("2001:db8::2:1") == 429  # one client has a whole /64
    assert await status("2001:db8:0:1::1") == 201
    assert "198.51" not in str(await books.sql("SELECT * FROM payment_turns"))


async def test_refunds_have_a_limit_of_their_own(books: Books, rules: Rules) -> None:
    payment = await books.paid()

    statuses = [(await books.refund(payment.id, amount=1)).status_code for _ in range(3)]

    assert statuses == [201, 201, 429]
    assert refused(books, "refund", "limit") == 1
    assert len(books.stripe.refunds) == 2


async def test_what_a_rule_refuses_is_not_asked_of_a_provider(books: Books, rules: Rules) -> None:
    await books.open(amount=300)
    rules.refuses = True

    for _ in range(2):  # the same key again passes no better
        headers = {"Idempotency-Key": "k1"}
        answer = await books.business.post(PAYMENTS, json=NEW, headers=headers)
        assert answer.status_code == 403
        assert "Rules" not in answer.text

    assert len(books.stripe.sessions) == 1
    assert [one.recent_amount for one in rules.told] == [0, 300, 300]
    told = rules.told[1]
    assert (told.act, told.amount, told.currency) == ("open", 1050, "EUR")


async def test_a_refund_that_was_begun_is_answered_whatever_the_rules_say(
    books: Books, rules: Rules
) -> None:
    payment = await books.paid()
    first = await books.refund(payment.id, key="r1", amount=5)
    rules.refuses = True

    assert (await books.refund(payment.id, key="r1", amount=5)).json() == first.json()
    assert (await books.refund(payment.id, key="r2", amount=5)).status_code == 403


async def test_old_turns_are_forgotten(books: Books, rules: Rules) -> None:
    await books.open()
    await books.sql("UPDATE payment_turns SET created_at = now() - interval '25 hours'")
    payment = await books.open()

    assert await books.sql("SELECT id FROM payment_turns") == [(UUID(payment["id"]),)]


def test_the_rules_of_the_project_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(callable(rule) for rule in declared_rules())

    monkeypatch.setattr("chassis_payments.payment_limits.rules.DECLARED", "shared.no_such_rules")
    assert declared_rules() == []
