"""The books and those of the providers are compared, and every difference is found."""

import datetime as dt
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.datastructures import State

from chassis.environment import Service
from chassis.metrics import Metrics
from chassis_payments import reconciliation_api, reconciling
from chassis_payments.data import payment_reconciliations
from chassis_payments.reconciliations import Difference, ReconciliationEnd
from chassis_payments.reconciling import __main__ as command
from chassis_payments.reconciling.daily import ReconcileDays
from chassis_payments.testing.books import Books

PATH = "/api/v1/payment-reconciliations"
NOON = dt.datetime.combine(dt.datetime.now(dt.UTC).date(), dt.time(12), dt.UTC)
TODAY = NOON.date()
TOMORROW = NOON + dt.timedelta(days=1)

type Compare = Callable[[], Awaitable[dict[str, ReconciliationEnd]]]


class Worker:
    """What a worker is to the feature."""

    def __init__(self, books: Books) -> None:
        self.state = State()
        self.state.payment_providers = books.providers
        self.state.http = books.shop.state.http
        self.state.settings = books.shop.state.settings


@pytest.fixture
def work(books: Books) -> ReconcileDays:
    books.data.state.metrics = Metrics(Service("books", "1", "test"))
    payment_reconciliations.install(books.data, None)
    reconciliation_api.install(books.shop, None)
    worker = Worker(books)
    reconciling.install(worker, reconciling.Settings(payments_reconcile_days=1))
    found: ReconcileDays = worker.state.reconcile_payments()
    return found


@pytest.fixture
def compare(books: Books, work: ReconcileDays) -> Compare:
    """Compare today with both providers."""

    async def compared() -> dict[str, ReconciliationEnd]:
        known = books.providers.known.items()
        return {name: await work.compare(provider, TODAY) for name, provider in known}

    return compared


def troubles(end: ReconciliationEnd) -> list[tuple[str, str, str | None, str | None]]:
    return [(one.trouble, one.kind, one.here, one.there) for one in end.differences]


async def filled(books: Books) -> tuple[Any, Any]:
    """Have payments at both, with a refund each, about which all agree."""
    payments = await books.paid(), await books.paid(provider="paypal", currency="JPY", amount=80)
    for payment in payments:
        await books.refund(payment.id, amount=40)
        await books.refresh(payment.id)
    await books.opened()  # nothing has moved for it
    return payments


async def test_where_all_agree_nothing_is_found(books: Books, compare: Compare) -> None:
    await filled(books)

    ends = await compare()

    assert {name: (end.checked, end.differences) for name, end in ends.items()} == {
        "stripe": (2, []),
        "paypal": (2, []),
    }


async def test_a_charge_that_nobody_wrote_down_is_found(books: Books, compare: Compare) -> None:
    await filled(books)
    lost = await books.opened(amount=700)
    books.stripe.pay(lost.reference)  # and no webhook came
    books.stripe.charge({"id": "pi_of_a_shop", "amount": 500, "currency": "usd"})
    order = await books.opened(provider="paypal", amount=900)
    books.paypal.approve(order.reference)
    books.paypal.collect(books.paypal.orders[order.reference])

    ends = await compare()

    assert sorted(troubles(ends["stripe"])) == [
        ("missing_here", "charge", None, "500 USD"),
        ("missing_here", "charge", None, "700 EUR"),
    ]
    assert {one.payment_id for one in ends["stripe"].differences} == {lost.id, None}
    assert troubles(ends["paypal"]) == [("missing_here", "charge", None, "900 EUR")]
    await books.refresh(lost.id)
    assert len((await compare())["stripe"].differences) == 1


async def test_a_refund_that_nobody_wrote_down_is_found(books: Books, compare: Compare) -> None:
    stripe, paypal = await filled(books)
    books.stripe.give_back(stripe.charge, 60)
    money = {"currency_code": "JPY", "value": "7"}
    books.paypal.give_back(paypal.charge, {"amount": money})

    ends = await compare()

    assert troubles(ends["stripe"]) == [("missing_here", "refund", None, "60 EUR")]
    assert troubles(ends["paypal"]) == [("missing_here", "refund", None, "7 JPY")]


@pytest.mark.parametrize("provider", ["stripe", "paypal"])
async def test_what_the_provider_does_not_know_is_found(
    books: Books, compare: Compare, provider: str
) -> None:
    payment = await books.paid(provider=provider)
    if provider == "stripe":
        books.stripe.sessions.clear()
        books.stripe.charges.clear()
    else:
        books.paypal.orders.clear()

    end = (await compare())[provider]

    (found,) = end.differences
    assert found.trouble == ("missing_there" if provider == "stripe" else "another_state")
    assert (found.payment_id, found.kind) == (payment.id, "charge")


async def test_a_refund_that_the_provider_does_not_know_is_found(
    books: Books, compare: Compare
) -> None:
    await filled(books)
    books.stripe.refunds.clear()
    for order in books.paypal.orders.values():
        order["purchase_units"][0].get("payments", {}).pop("refunds", None)

    ends = await compare()

    assert troubles(ends["stripe"]) == [("missing_there", "refund", "40 EUR", None)]
    assert troubles(ends["paypal"]) == [("missing_there", "refund", "40 JPY", None)]


def lose(books: Books, stripe: Any, paypal: Any) -> None:
    """Have both decide for who paid."""
    books.stripe.dispute(stripe.charge, "lost")
    books.paypal.dispute(paypal.charge, "RESOLVED", "RESOLVED_BUYER_FAVOUR")


async def test_a_lost_dispute_that_nobody_wrote_down_is_found(
    books: Books, compare: Compare
) -> None:
    stripe, paypal = await filled(books)
    won, open_one = await books.paid(), await books.paid()
    books.stripe.dispute(won.charge, "won")
    books.stripe.dispute(open_one.charge)
    lose(books, stripe, paypal)

    ends = await compare()

    assert troubles(ends["stripe"]) == [("missing_here", "dispute", None, "1050 EUR")]
    assert troubles(ends["paypal"]) == [("missing_here", "dispute", None, "80 JPY")]
    for payment, end in zip((stripe, paypal), ends.values(), strict=True):
        assert end.differences[0].payment_id == payment.id
        await books.refresh(payment.id)
    assert [end.differences for end in (await compare()).values()] == [[], []]


async def test_a_lost_dispute_that_the_provider_does_not_know_is_found(
    books: Books, compare: Compare
) -> None:
    payments = await filled(books)
    lose(books, *payments)
    for payment in payments:
        await books.refresh(payment.id)
    books.stripe.disputes.clear()
    books.stripe.events.clear()
    books.paypal.dispute(payments[1].charge, "RESOLVED", "RESOLVED_SELLER_FAVOUR")

    ends = await compare()

    assert troubles(ends["stripe"]) == [("missing_there", "dispute", "1050 EUR", None)]
    assert troubles(ends["paypal"]) == [("another_state", "dispute", "lost", "won")]


async def test_disputes_are_read_page_by_page(
    books: Books, compare: Compare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis_payments.reconciling.movements.DISPUTES_PAGE", 1)
    for _ in range(3):
        payment = await books.paid(provider="paypal")
        books.paypal.dispute(payment.charge, "RESOLVED", "ACCEPTED")

    assert (
        troubles((await compare())["paypal"]) == [("missing_here", "dispute", None, "1050 EUR")] * 3
    )


async def test_a_refund_that_came_back_is_found_until_it_is_written_down(
    books: Books, compare: Compare
) -> None:
    payment, _ = await filled(books)
    refund = next(iter(books.stripe.refunds))
    books.stripe.fail(refund)

    assert sorted(troubles((await compare())["stripe"])) == [
        ("another_state", "refund", "completed", "failed"),
        ("missing_here", "returned", None, "40 EUR"),
    ]
    await books.refresh(payment.id)
    assert (await compare())["stripe"].differences == []

    books.stripe.refunds[refund]["status"] = "succeeded"  # the provider says otherwise now
    books.stripe.events.clear()
    assert troubles((await compare())["stripe"]) == [
        ("another_state", "returned", "failed", "completed")
    ]


async def test_a_refund_that_failed_before_it_was_made_moved_nothing(
    books: Books, compare: Compare
) -> None:
    payment, _ = await filled(books)
    refund = books.stripe.give_back(payment.charge, 60)
    books.stripe.fail(refund["id"])

    assert (await compare())["stripe"].differences == []


async def test_another_amount_is_found_whichever_is_wrong(books: Books, compare: Compare) -> None:
    await filled(books)
    await books.sql(
        "UPDATE provider_transactions SET amount = amount + 1"
        " WHERE provider = 'stripe' AND kind = 'charge'"
    )
    for order in books.paypal.orders.values():
        order["purchase_units"][0]["payments"]["captures"][0]["amount"]["value"] = "81"

    ends = await compare()

    assert troubles(ends["stripe"]) == [("another_amount", "charge", "1051 EUR", "1050 EUR")]
    assert troubles(ends["paypal"]) == [("another_amount", "charge", "80 JPY", "81 JPY")]


async def test_what_others_who_use_the_account_move_stops_nothing(
    books: Books, compare: Compare
) -> None:
    payment = await books.paid(provider="paypal")
    for code, counted in (("btn", 500), ("isk", 50)):  # not taken here, and no whole krona
        books.stripe.charge({"id": f"pi_{code}", "amount": counted, "currency": code})
    order = books.paypal.orders[payment.reference]["purchase_units"][0]
    paid_out = ("EUR", "-9.00")
    for currency, value in (("INR", "7.00"), ("JPY", "7.50"), paid_out):
        money = {"currency_code": currency, "value": value}
        order["payments"]["captures"].append({"id": f"C-{currency}", "amount": money})

    ends = await compare()

    assert sorted(troubles(ends["stripe"])) == [
        ("missing_here", "charge", None, "50 ISK, as Stripe counts"),
        ("missing_here", "charge", None, "500 BTN, as Stripe counts"),
    ]
    assert troubles(ends["paypal"]) == [
        ("missing_here", "charge", None, "7.00 INR"),
        ("missing_here", "charge", None, "7.50 JPY"),
    ]


async def test_what_was_completed_here_and_not_there_is_found(
    books: Books, compare: Compare
) -> None:
    payment = await books.paid()
    books.stripe.charges.clear()
    books.stripe.sessions[payment.reference]["payment_status"] = "unpaid"
    books.stripe.intents[payment.charge]["status"] = "canceled"

    ends = await compare()

    assert troubles(ends["stripe"]) == [("another_state", "charge", "completed", "canceled")]


async def test_what_moved_before_midnight_and_was_written_after_it_is_no_difference(
    books: Books, compare: Compare
) -> None:
    await filled(books)
    for one in (*books.stripe.charges.values(), *books.stripe.refunds.values()):
        one["created"] -= 86_400
    for order in books.paypal.orders.values():
        order["#at"] = (NOON - dt.timedelta(days=1)).isoformat(timespec="seconds")

    ends = await compare()

    assert [end.differences for end in ends.values()] == [[], []]


async def test_a_day_is_compared_once_and_again_when_asked(
    books: Books, work: ReconcileDays
) -> None:
    lost = await books.opened()
    books.stripe.pay(lost.reference)

    assert await work(TOMORROW) == 2
    assert await work(TOMORROW) == 0
    listed = (await books.business.get(PATH, params={"provider": "stripe"})).json()["items"]
    assert [(one["day"], one["state"], one["checked"]) for one in listed] == [
        (str(TODAY), "done", 1)
    ]
    assert listed[0]["differences"][0]["payment_id"] == str(lost.id)
    told = (await books.data.state.metrics.told(""))[0].decode()
    assert 'provider_reconciliation_differences{provider="stripe"} 1.0' in told
    assert 'provider_reconciliation_differences{provider="paypal"} 0.0' in told
    assert 'provider_reconciliation_age_seconds{provider="stripe"}' in told

    await books.refresh(lost.id)
    end = await work.again(books.providers.known["stripe"], TODAY)

    assert end == ReconciliationEnd(checked=1, differences=[])


async def test_two_workers_do_not_compare_one_day(books: Books, work: ReconcileDays) -> None:
    assert await work.books.begin("stripe", TODAY)

    assert not await work.books.begin("stripe", TODAY)
    assert not await work.books.begin("stripe", TODAY, again=True)
    await books.sql("UPDATE payment_reconciliations SET updated_at = now() - interval '2 hours'")
    assert await work.books.begin("stripe", TODAY)  # who had begun is gone


async def test_a_provider_that_is_away_is_compared_later(books: Books, work: ReconcileDays) -> None:
    books.stripe.is_away = True

    assert await work(TOMORROW) == 1

    books.stripe.is_away = False
    await books.sql("UPDATE payment_reconciliations SET updated_at = now() - interval '2 hours'")
    assert await work(TOMORROW) == 1


@pytest.mark.parametrize(("hour", "last"), [(4, -2), (5, -1)])
def test_a_day_is_due_once_providers_know_all_of_it(
    work: ReconcileDays, hour: int, last: int
) -> None:
    assert work._due(NOON.replace(hour=hour)) == [TODAY + dt.timedelta(days=last)]


def test_the_report_says_what_is_to_be_done() -> None:
    found = Difference(trouble="missing_here", kind="charge", reference="pi_1", there="5 EUR")
    ends = {"stripe": ReconciliationEnd(checked=3, differences=[found]), "paypal": None}

    text = command.report(TODAY, ends)

    assert "stripe: 3 movements, 1 differences" in text
    assert "missing_here: charge pi_1, no payment of this system: here -, there 5 EUR" in text
    assert "/look" in text
    assert "paypal: not compared" in text


async def test_the_command_compares_with_every_provider(
    books: Books, work: ReconcileDays, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(books)
    worker = Worker(books)
    reconciling.install(worker, reconciling.Settings())

    async def close() -> None:
        """Leave the connection of the test open."""

    monkeypatch.setattr(worker.state.http, "close", close, raising=False)

    found = await command.compared(worker, TODAY)

    assert {name: end and end.checked for name, end in found.items()} == {"stripe": 2, "paypal": 2}


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ({}, 2),
        ({"stripe": None}, 2),
        ({"stripe": ReconciliationEnd(checked=1, differences=[])}, 0),
    ],
)
def test_the_command_tells_by_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, found: command.Found, code: int
) -> None:
    async def compared(_worker: Any, _day: dt.date) -> command.Found:
        return found

    monkeypatch.setattr(command, "compared", compared)
    report = tmp_path / "reports" / "report.md"

    assert command.main(["builtins:object", "--day", "2026-11-28", "--report", str(report)]) == code
    assert "2026-11-28" in report.read_text("utf-8")


def test_what_is_no_day_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["builtins:object", "--day", "2026-13-01"])

    assert 'must be a day such as 2026-11-28, got: "2026-13-01"' in capsys.readouterr().err
