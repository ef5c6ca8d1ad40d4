from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """Settings of when the books are compared with those of the providers."""

    payments_reconcile_hour: Annotated[int, Field(ge=0, le=23)] = 5
    """The hour, in UTC, from which on the day before is compared: PayPal tells of what moved only
    after some hours."""
    payments_reconcile_days: Annotated[int, Field(ge=1, le=30)] = 3
    """How many days back are made up for, where no worker ran."""
