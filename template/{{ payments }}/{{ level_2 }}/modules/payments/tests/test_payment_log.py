"""What is logged of payments: each state that something comes to, once."""

import logging
from typing import Any

import pytest

from chassis.problems import Conflict
from chassis_payments.data import payment_log
from chassis_payments.testing.books import Books


@pytest.fixture(autouse=True)
def logged(books: Books, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    payment_log.install(books.data, None)


def told(caplog: pytest.LogCaptureFixture, kind: str) -> list[tuple[Any, ...]]:
    lines = [one for one in caplog.records if one.name.endswith("payment_log")]
    return [
        (vars(one)["was"], vars(one)["state"], vars(one)["amount"])
        for one in lines
        if one.getMessage().startswith(kind)
    ]


async def test_every_state_is_logged_once(books: Books, caplog: pytest.LogCaptureFixture) -> None:
    payment = await books.paid()
    await books.refresh(payment.id)  # nothing is new
    await books.refund(payment.id, key="r1", amount=400)
    await books.refund(payment.id, key="r1", amount=400)
    books.stripe.give_back(payment.charge, 50)
    books.stripe.dispute(payment.charge)
    await books.refresh(payment.id)

    assert told(caplog, "Payment") == [
        (None, "pending", 1050),
        ("pending", "completed", 1050),
    ]
    assert told(caplog, "Refund") == [
        (None, "pending", 400),
        ("pending", "completed", 400),
        (None, "completed", 50),
    ]
    assert told(caplog, "Dispute") == [(None, "open", 1050)]
    lines = [one for one in caplog.records if one.name.endswith("payment_log")]
    assert {vars(one)["payment"] for one in lines} == {str(payment.id)}
    assert {(vars(one)["provider"], vars(one)["currency"]) for one in lines} == {("stripe", "EUR")}


async def test_nothing_is_logged_that_was_not_written(
    books: Books, caplog: pytest.LogCaptureFixture
) -> None:
    payment = await books.paid()
    books.stripe.sessions[payment.reference]["amount_total"] = 1
    books.stripe.dispute(payment.charge)

    with pytest.raises(Conflict):
        await books.refresh(payment.id)

    assert told(caplog, "Dispute") == []
