"""What a worker does again and again; what is under way at the end is finished."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from chassis.problems import ProblemError

logger = logging.getLogger(__name__)

type Work = Callable[[], Awaitable[object]]


@asynccontextmanager
async def repeated(work: Work, interval: float) -> AsyncIterator[None]:
    """Do it meanwhile, whatever fails: the next time may be better."""
    stopped = asyncio.Event()

    async def go_on() -> None:
        while not stopped.is_set():
            try:
                await work()
            except ProblemError as error:
                logger.warning("Messages wait: %s", error.detail)
            except Exception:
                logger.exception("Messages wait")
            with suppress(TimeoutError):
                async with asyncio.timeout(interval):
                    await stopped.wait()

    running = asyncio.create_task(go_on())
    try:
        yield
    finally:
        stopped.set()
        await running
