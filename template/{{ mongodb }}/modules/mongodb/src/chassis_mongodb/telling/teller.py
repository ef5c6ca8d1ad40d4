"""Tells the document service what happened, for as long as it takes."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from chassis.problems import OutcomeUnknown, Unavailable
from chassis_mongodb.activities import PATH
from chassis_mongodb.telling.delivery import Delivery, Http
from chassis_mongodb.telling.store import Tell

POLL_S = 1.0
"""Seconds after which it looks for activities of which nobody told it."""
COMMIT_S = 0.02
"""Seconds that a write gets to be committed after it woke the teller."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 10.0
"""Seconds between attempts while something is away; each pause is twice the one before."""

logger = logging.getLogger(__name__)


class Source(Protocol):
    """Where activities wait."""

    async def tell(self, tell: Tell) -> int:
        """Have the oldest told and forget them; give how many there were."""


class Teller:
    """Tells what waits, whatever is away meanwhile; what is refused is put aside."""

    def __init__(self, source: Source, http: Http, address: str) -> None:
        self._source = source
        self._http = http
        self._url = f"{address.rstrip('/')}{PATH}"
        self._woken = asyncio.Event()
        self._stopped = asyncio.Event()
        self._pause = 0.0

    def wake(self) -> None:
        """Say that there is something to tell, or will be in a moment."""
        self._woken.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Tell meanwhile; what is being told at the end gets there first."""
        # Of this event loop: an application may run again in another one.
        self._woken, self._stopped = asyncio.Event(), asyncio.Event()
        running = asyncio.create_task(self._run())
        try:
            yield
        finally:
            self._stopped.set()
            self.wake()
            await running

    async def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                while await self._tell() and not self._stopped.is_set():
                    pass
            except Exception as error:  # noqa: BLE001  # a teller that ended would tell nothing more
                self._failed(error)
            else:
                self._succeeded()
            await self._rest()

    async def _tell(self) -> int:
        return await self._source.tell(Delivery(self._http, self._url))

    async def _rest(self) -> None:
        if self._pause:
            await _until(self._stopped, self._pause)
        elif await _until(self._woken, POLL_S):
            await asyncio.sleep(COMMIT_S)
        self._woken.clear()

    def _failed(self, error: Exception) -> None:
        if not self._pause:
            unexpected = not isinstance(error, (Unavailable, OutcomeUnknown, OSError))
            logger.warning("Activities wait to be told: %s", error, exc_info=unexpected)
        self._pause = min(max(self._pause * 2, FIRST_PAUSE_S), LONGEST_PAUSE_S)

    def _succeeded(self) -> None:
        if self._pause:
            logger.info("Activities are told again")
        self._pause = 0.0


async def _until(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event for some time; tell whether it came."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()
