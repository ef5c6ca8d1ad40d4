"""What payments through providers come to, as services tell each other.

Each is stored with what it tells of, in one transaction: there is no payment that was completed
without its event. Which version holds what is a contract, as with the events of the project.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from chassis.events import Event, Updated
from chassis_payments.payments import ProviderPaymentSummary


class ProviderPaymentCompleted(Updated):
    """The money is there. It is told once for a payment, and never taken back."""

    type: Literal["provider_payment.completed"] = "provider_payment.completed"
    version: Literal[1] = 1
    data: ProviderPaymentSummary

    @classmethod
    def happened(cls, given: Mapping[str, Any]) -> bool:
        """Tell whether a write has brought it to that."""
        return given.get("state") == "completed"


class ProviderPaymentFailed(Updated):
    """The money is not there: ``state`` is failed, canceled or expired.

    Should it have moved after all, the payment is completed later.
    """

    type: Literal["provider_payment.failed"] = "provider_payment.failed"
    version: Literal[1] = 1
    data: ProviderPaymentSummary

    @classmethod
    def happened(cls, given: Mapping[str, Any]) -> bool:
        """Tell whether a write has brought it to that."""
        return given.get("state") in {"failed", "canceled", "expired"}


class ProviderPaymentRefunded(Updated):
    """Money was given back, or the bank has returned what was: ``refunded`` is how much in all."""

    type: Literal["provider_payment.refunded"] = "provider_payment.refunded"
    version: Literal[1] = 1
    data: ProviderPaymentSummary

    @classmethod
    def happened(cls, given: Mapping[str, Any]) -> bool:
        """Tell whether a write has changed how much that is."""
        return "refunded" in given


class ProviderPaymentDisputed(Updated):
    """Who paid disputes it, or the dispute has ended: ``disputed`` is open, won or lost."""

    type: Literal["provider_payment.disputed"] = "provider_payment.disputed"
    version: Literal[1] = 1
    data: ProviderPaymentSummary

    @classmethod
    def happened(cls, given: Mapping[str, Any]) -> bool:
        """Tell whether a write has changed that."""
        return "disputed" in given


EVENTS: Mapping[str, Sequence[type[Event]]] = {
    "provider_payments": [
        ProviderPaymentCompleted,
        ProviderPaymentFailed,
        ProviderPaymentRefunded,
        ProviderPaymentDisputed,
    ],
}
"""By table, the events that follow a write to it."""
