"""A payment is turned to another provider, as the services speak of it."""

from chassis.schemas import Schema
from chassis_payments.payments import ProviderName, Reason


class Turned(Schema):
    """Which provider is asked next, and why the one before has not opened the payment."""

    provider: ProviderName
    reason: Reason
