"""A bulkhead: one service that is slow does not take every place there is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chassis.problems import Overloaded

FULL = "A service that is needed for this has too much to do already."


class Bulkhead:
    """Lets ``places`` calls be under way at the same time; others wait ``patience`` seconds."""

    def __init__(self, places: int, patience: float) -> None:
        self._places = asyncio.Semaphore(places)
        self._patience = patience
        self.refused = 0
        """Calls for which no place became free in time."""

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Hold a place; raises Overloaded when none becomes free in time: nothing was sent."""
        if self._places.locked():
            await self._wait()
        else:
            await self._places.acquire()  # at once
        try:
            yield
        finally:
            self._places.release()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self._patience):
                await self._places.acquire()
        except TimeoutError:
            self.refused += 1
            raise Overloaded(FULL) from None
