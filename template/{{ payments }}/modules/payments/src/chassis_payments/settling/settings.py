from pydantic import PositiveFloat

from chassis_payments import providers


class Settings(providers.Settings):
    """Settings of how a worker settles payments, and of the providers."""

    payments_events_interval: PositiveFloat = 1
    """Seconds until it asks again what webhooks said."""
    payments_settle_interval: PositiveFloat = 15
    """Seconds until it asks again which payments nobody has heard of."""
    payments_settle_after: PositiveFloat = 30
    """Seconds that an answer may be missing before it looks for what became of a payment."""
