"""PayPal: the real one where there is an account, else one of this machine that is like it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chassis_payments.testing.paypal import CLIENT, SIGNER, PayPalStandIn
from chassis_payments.testing.serving import HOST, serving
from tools.dev.servers import Connection
from tools.dev.system import Server, base_environment

PAYPAL = "https://api-m.sandbox.paypal.com"
VARIABLE = "PAYPAL_CLIENT"
WEBHOOKS = "/api/v1/payment-webhooks/paypal"


@contextmanager
def run(_server: Server, root: Path) -> Iterator[Connection]:
    """Name PayPal's sandbox, or run a stand-in for as long as this is entered."""
    environment = base_environment(root, (".env",))
    if environment.get(VARIABLE):
        yield Connection(PAYPAL, f"{PAYPAL} ({VARIABLE} is set)")
        return
    port = environment.get("API_PORT") or "8000"
    with serving(PayPalStandIn(webhook_url=f"http://{HOST}:{port}{WEBHOOKS}")) as own:
        told = f"http://{HOST}:{own} (a stand-in, no money moves: {VARIABLE} is not set)"
        yield Connection(f"http://{CLIENT}:{SIGNER}@{HOST}:{own}", told)
