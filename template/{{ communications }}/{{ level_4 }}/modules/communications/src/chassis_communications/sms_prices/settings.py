from typing import Annotated

from pydantic import Field, PositiveFloat, PositiveInt

from chassis_communications.providers.settings import SmsSettings


class Settings(SmsSettings):
    """How it is asked what SMS cost."""

    sms_prices_interval: PositiveFloat = 60
    """Seconds until it is asked again what SMS cost."""
    sms_prices_at_once: Annotated[int, Field(ge=1, le=100)] = 50
    """SMS that are asked about at a time, one after the other."""
    sms_prices_days: PositiveInt = 3
    """Days after which an SMS is not asked about any more: the estimate stays."""
