"""Stripe: the real one where there is a key, else one of this machine that is like it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chassis_payments.testing.serving import HOST, serving
from chassis_payments.testing.stripe import KEY, SIGNER, StripeStandIn
from tools.dev.servers import Connection
from tools.dev.system import Server, base_environment

STRIPE = "https://api.stripe.com"
VARIABLE = "STRIPE_KEY"
WEBHOOKS = "/api/v1/payment-webhooks/stripe"


@contextmanager
def run(_server: Server, root: Path) -> Iterator[Connection]:
    """Name Stripe's server, or run a stand-in for as long as this is entered."""
    environment = base_environment(root, (".env",))
    if environment.get(VARIABLE):
        yield Connection(STRIPE, f"{STRIPE} ({VARIABLE} is set)")
        return
    port = environment.get("API_PORT") or "8000"
    with serving(StripeStandIn(webhook_url=f"http://{HOST}:{port}{WEBHOOKS}")) as own:
        told = f"http://{HOST}:{own} (a stand-in, no money moves: {VARIABLE} is not set)"
        yield Connection(f"http://{KEY}:{SIGNER}@{HOST}:{own}", told)
