"""Waiting for what happens in other processes."""

import time
from collections.abc import Callable

PATIENCE_S = 60


def wait_for(condition: Callable[[], bool], explain: Callable[[], str]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, explain()
        time.sleep(0.05)
