"""Each provider counts money in its own way, and none of it is lost on the way there and back."""

import pytest

from chassis.problems import Invalid
from chassis_payments.money import DIGITS, PAYPAL, STRIPE, Tables

AMOUNTS = [*range(1, 201), *range(990, 1100), *range(9_990, 100_000, 777)]


@pytest.mark.parametrize("tables", [STRIPE, PAYPAL])
def test_every_amount_of_every_currency_comes_back_or_is_refused(tables: Tables) -> None:
    for currency in tables.units:
        taken = 0
        for amount in AMOUNTS:
            try:
                counted = tables.sent(amount, currency)
            except Invalid:
                continue
            taken += 1
            assert tables.received(counted, currency) == amount
            assert tables.read(tables.written(amount, currency), currency) == amount
        assert taken, currency
        steps = tables.sent(10 ** DIGITS[currency], currency)  # one whole unit is always taken
        assert steps == 10 ** tables.units[currency].digits


@pytest.mark.parametrize(
    ("tables", "amount", "currency", "counted"),
    [
        (STRIPE, 80, "JPY", 80),
        (STRIPE, 1050, "EUR", 1050),
        (STRIPE, 5, "ISK", 500),
        (STRIPE, 5, "UGX", 500),
        (STRIPE, 1230, "KWD", 1230),
        (STRIPE, 500, "MGA", 5),
        (STRIPE, 1050, "HUF", 1050),
        (PAYPAL, 1000, "HUF", 10),
        (PAYPAL, 80, "JPY", 80),
        (PAYPAL, 1050, "EUR", 1050),
    ],
)
def test_amounts_are_counted_as_the_provider_counts(
    tables: Tables, amount: int, currency: str, counted: int
) -> None:
    assert tables.sent(amount, currency) == counted


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [(80, "JPY", "80"), (1050, "EUR", "10.50"), (5, "EUR", "0.05"), (1000, "HUF", "10")],
)
def test_amounts_are_written_with_the_digits_that_the_provider_takes(
    amount: int, currency: str, written: str
) -> None:
    assert PAYPAL.written(amount, currency) == written


@pytest.mark.parametrize(
    ("tables", "amount", "currency"),
    [
        (STRIPE, 1235, "KWD"),
        (STRIPE, 550, "MGA"),
        (PAYPAL, 1050, "HUF"),
        (PAYPAL, 100, "ISK"),
        (STRIPE, 10**8, "EUR"),
        (STRIPE, 100, "QQQ"),
    ],
)
def test_what_the_provider_has_no_amount_for_is_refused(
    tables: Tables, amount: int, currency: str
) -> None:
    with pytest.raises(Invalid):
        tables.sent(amount, currency)


def test_what_cannot_be_counted_is_no_amount() -> None:
    with pytest.raises(ValueError, match="too many digits"):
        PAYPAL.read("1.005", "EUR")
    with pytest.raises(ValueError, match="no whole number"):
        STRIPE.received(501, "ISK")
