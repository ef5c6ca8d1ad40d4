"""What a worker does again and again, besides what messages have it do."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from chassis.problems import ProblemError

logger = logging.getLogger(__name__)

LONGEST_PAUSE_S = 30.0


@dataclass(frozen=True, slots=True)
class Again:
    """Something to do at intervals, in seconds."""

    do: Callable[[], Awaitable[object]]
    interval: float
    idle: float = 0
    """What the pauses grow to while ``do`` gives 0, as there is nothing to do."""


@asynccontextmanager
async def repeating(*works: Again, waits: str, patience: float | None = 0) -> AsyncIterator[None]:
    """Do all of it meanwhile, each for itself; what fails is logged, after ``waits``.

    What is under way at the end has ``patience`` seconds to be finished; None: as long as it takes.
    """
    stopped = asyncio.Event()
    tasks = [asyncio.create_task(_repeat(work, waits, stopped)) for work in works]
    try:
        yield
    finally:
        stopped.set()
        if tasks:
            await asyncio.wait(tasks, timeout=patience)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _repeat(work: Again, waits: str, stopped: asyncio.Event) -> None:
    pause = work.interval
    while not stopped.is_set():
        pause = await done_once(work, pause, waits)
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await stopped.wait()


async def done_once(work: Again, pause: float, waits: str) -> float:
    """Do it once; give the seconds until the next time, by those that were before this one."""
    try:
        done = await work.do()
    except ProblemError as error:
        logger.warning("%s: %s", waits, error.detail)
        return max(work.interval, min(pause * 2, LONGEST_PAUSE_S))
    except Exception:
        logger.exception(waits)
        return max(work.interval, LONGEST_PAUSE_S)
    return max(work.interval, min(pause * 2, work.idle)) if done == 0 else work.interval
