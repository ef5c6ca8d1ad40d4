"""How long the work on a request may still take."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Final

HEADER: Final = "X-Time-Left-Ms"
"""What a call between services has, in whole milliseconds: clocks of machines differ."""

_ends_at: ContextVar[float | None] = ContextVar("ends_at", default=None)


def time_left() -> float | None:
    """Give the seconds that are left, below 0 when it is over; None where nobody gave a time."""
    ends_at = _ends_at.get()
    return None if ends_at is None else ends_at - time.monotonic()


@asynccontextmanager
async def within(seconds: float) -> AsyncIterator[None]:
    """Give the work in this block its time; raises TimeoutError when it is over.

    Within the time of another block it is never more than what is left there.
    """
    left = time_left()
    seconds = seconds if left is None else min(seconds, left)
    token = _ends_at.set(time.monotonic() + seconds)
    try:
        async with asyncio.timeout(seconds):
            yield
    finally:
        _ends_at.reset(token)
