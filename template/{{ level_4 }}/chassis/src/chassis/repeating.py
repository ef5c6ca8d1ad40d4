"""What is done again and again while a service runs."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

logger = logging.getLogger(__name__)


@asynccontextmanager
async def repeated(
    do: Callable[[], Awaitable[object]], interval: float, failed: str
) -> AsyncIterator[None]:
    """Do it every ``interval`` seconds meanwhile; what is being done at the end is finished.

    An error nobody expects ends nothing: the log says ``failed``, and the next time may be better.
    """
    stopped = asyncio.Event()

    async def go_on() -> None:
        while not await _is_set_within(stopped, interval):
            try:
                await do()
            except Exception:
                logger.exception(failed)

    running = asyncio.create_task(go_on())
    try:
        yield
    finally:
        stopped.set()
        await running


async def _is_set_within(event: asyncio.Event, seconds: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()
