from pydantic import Field, PositiveFloat, PositiveInt
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """Settings of the calls to services that may be ill."""

    breaker_calls: PositiveInt = 20
    """The last calls to a service by which it is judged; fewer are not enough to judge by."""
    breaker_share: float = Field(default=0.5, gt=0, le=1)
    """The share of them that must have failed for it to be left alone."""
    breaker_pause: PositiveFloat = 5
    """Seconds for which it is left alone; then one call tries."""
    bulkhead_calls: PositiveInt = 60
    """Calls to one service that may be under way at the same time."""
    bulkhead_patience: PositiveFloat = 0.5
    """Seconds that a call waits for others to end, before it is turned away."""
