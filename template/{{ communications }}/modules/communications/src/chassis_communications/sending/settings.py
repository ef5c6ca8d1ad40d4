from typing import Annotated

from pydantic import AfterValidator, Field, PositiveFloat, PositiveInt

from chassis_communications import providers, zones


class Settings(providers.Settings):
    """Settings of how a worker sends messages."""

    messages_interval: PositiveFloat = 1
    """Seconds until it is asked again which messages are due."""
    messages_sweep_interval: PositiveFloat = 30
    """Seconds until attempts that nobody ended are looked for again."""
    messages_unknown_after: PositiveFloat = 300
    """Seconds after which an attempt that nobody ended has an unknown outcome."""
    messages_attempts: PositiveInt = 8
    """Attempts after which a message is given up that no provider took: more than an hour later."""
    messages_retry_delay: PositiveFloat = 30
    """Seconds until the second attempt; each further one waits twice as long."""
    messages_a_day: PositiveInt = 50
    """Messages that one address gets within 24 hours; more are withheld."""
    messages_quiet_hours: Annotated[
        str, Field(pattern=r"^$|^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")
    ] = ""
    """When nobody wants to be disturbed, as 22:00-07:00; messages wait, but for those of security."""
    messages_time_zone: Annotated[str, AfterValidator(zones.known)] = "UTC"
    """Where recipients live of whom nothing else is known."""
