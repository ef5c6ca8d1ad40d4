"""What is refused before money moves; a rule of your own joins with its line.

Whoever asks is told that it was refused, and not by which rule: nobody shall learn how to pass.
"""

from collections.abc import Sequence

from chassis.fraud_rules import PaymentAsked, PaymentRule

LARGEST = 10_000_00
"""Minor units of one payment: €10,000.00, and ¥1,000,000."""
MOST_AN_HOUR = 20
LARGEST_AN_HOUR = 20_000_00


async def too_large(asked: PaymentAsked) -> bool:
    """Refuse payments beyond what is usual here; what was paid may always be given back."""
    return asked.act == "open" and asked.amount > LARGEST


async def too_fast(asked: PaymentAsked) -> bool:
    """Refuse a caller who tries cards out: many payments, or much money, within an hour."""
    if asked.act != "open":
        return False
    amount = asked.recent_amount + asked.amount
    return asked.recent_number >= MOST_AN_HOUR or amount > LARGEST_AN_HOUR


RULES: Sequence[PaymentRule] = [
    too_large,
    too_fast,
]
