"""Stripe, or who stands in for it."""

from contextlib import AbstractContextManager
from pathlib import Path

from chassis_payments.testing.stripe import KEY, SIGNER, StripeStandIn
from tools.dev.servers import Connection
from tools.dev.servers.payment_providers import PaymentProvider
from tools.dev.system import Server

STRIPE = PaymentProvider(
    "stripe",
    "https://api.stripe.com",
    "STRIPE_KEY",
    f"{KEY}:{SIGNER}",
    lambda webhook: StripeStandIn(webhook_url=webhook),
)


def run(_server: Server, root: Path) -> AbstractContextManager[Connection]:
    """Name it, or run the stand-in."""
    return STRIPE.connection(root)
