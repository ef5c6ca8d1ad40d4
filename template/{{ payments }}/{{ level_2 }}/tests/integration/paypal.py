"""PayPal: a stand-in that refuses what the real one refuses, at `STAND_IN` while tests run."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chassis.testing.serving import HOST, serving
from chassis_payments.testing.paypal import CLIENT, SIGNER, PayPalStandIn
from tests.integration.containers import Choice
from tests.integration.servers import RunningServer

STAND_IN = PayPalStandIn()


def choice() -> Choice:
    """Say that it is a stand-in."""
    return Choice("stand-in", "no money moves in tests")


@contextmanager
def run(_root: Path) -> Iterator[RunningServer]:
    """Serve it; it is away when each call ends without an answer."""
    with serving(STAND_IN.application()) as port:
        yield RunningServer(f"http://{CLIENT}:{SIGNER}@{HOST}:{port}", STAND_IN.away)
