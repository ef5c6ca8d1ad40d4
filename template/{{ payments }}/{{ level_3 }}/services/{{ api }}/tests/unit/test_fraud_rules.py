"""The rules of payments: what is refused, and what is not."""

import pytest

from chassis.fraud_rules import PaymentAsked
from shared.fraud_rules import LARGEST, LARGEST_AN_HOUR, MOST_AN_HOUR, too_fast, too_large


def asked(amount: int, number: int = 0, before: int = 0) -> PaymentAsked:
    return PaymentAsked(
        act="open",
        provider="stripe",
        amount=amount,
        currency="EUR",
        entity=None,
        entity_id=None,
        caller="somebody",
        recent_number=number,
        recent_amount=before,
    )


@pytest.mark.parametrize(("amount", "refused"), [(LARGEST, False), (LARGEST + 1, True)])
async def test_a_payment_has_a_largest_amount(amount: int, refused: bool) -> None:  # noqa: FBT001
    assert await too_large(asked(amount)) is refused


@pytest.mark.parametrize(
    ("number", "before", "refused"),
    [
        pytest.param(MOST_AN_HOUR - 1, 0, False, id="as_many_as_may"),
        pytest.param(MOST_AN_HOUR, 0, True, id="one_too_many"),
        pytest.param(1, LARGEST_AN_HOUR - 100, False, id="as_much_as_may"),
        pytest.param(1, LARGEST_AN_HOUR - 99, True, id="too_much_together"),
    ],
)
async def test_an_hour_has_a_limit(number: int, before: int, refused: bool) -> None:  # noqa: FBT001
    assert await too_fast(asked(100, number, before)) is refused
