"""Turns: how often somebody has asked for payments or refunds, as the services speak of it."""

from typing import Annotated, Literal

from pydantic import Field

from chassis.schemas import Answer, Exact, Schema
from chassis_payments.payments import Amount, Currency

TURNS = "/api/v1/payment-turns"
"""Where the data service has them."""

Caller = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$"), Exact()]
"""A digest: nobody is named."""


class NewTurn(Schema):
    """Somebody asks for something, and may do so a number of times a minute."""

    caller: Caller
    act: Literal["open", "refund"]
    amount: Amount
    currency: Currency
    most: Annotated[int, Field(ge=1, le=100_000)]
    """How often in a minute."""


class TurnRead(Answer):
    """Whether a turn was taken, and what the same caller did in the hour before it."""

    taken: bool
    wait_s: int
    """Seconds until there is one again, if none was taken."""
    again: bool
    """Whether it had been taken before."""
    recent_number: int
    recent_amount: int
