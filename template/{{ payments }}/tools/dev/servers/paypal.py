"""PayPal, or who stands in for it."""

from contextlib import AbstractContextManager
from pathlib import Path

from chassis_payments.testing.paypal import CLIENT, SIGNER, PayPalStandIn
from tools.dev.servers import Connection
from tools.dev.servers.payment_providers import PaymentProvider
from tools.dev.system import Server

PAYPAL = PaymentProvider(
    "paypal",
    "https://api-m.sandbox.paypal.com",
    "PAYPAL_CLIENT",
    f"{CLIENT}:{SIGNER}",
    lambda webhook: PayPalStandIn(webhook_url=webhook),
)


def run(_server: Server, root: Path) -> AbstractContextManager[Connection]:
    """Name it, or run the stand-in."""
    return PAYPAL.connection(root)
