from typing import Annotated

from pydantic import Field, NonNegativeFloat, PositiveInt
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """What messages may cost, and how many SMS numbers beside each other get."""

    messages_cost_a_day: NonNegativeFloat = 0
    """What all messages may cost within 24 hours, in the currency that the providers bill in; more wait. 0 for any
    cost."""
    sms_range_digits: Annotated[int, Field(ge=1, le=9)] = 4
    """Digits at the end of a number in which those of its range differ: four are 10,000 numbers."""
    sms_range_a_day: PositiveInt = 50
    """SMS that the numbers of one range get within 24 hours; more are withheld."""
