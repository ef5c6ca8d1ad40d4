"""Sealing: what is told live is encrypted in Redis, under keys that can be replaced.

A feature of the business API, which opens entries, and of the worker, which seals them. Ids, times and
sizes of entries stay as they are.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chassis.sealing import Sealer, UnreadableError
from chassis_realtime.entry_sealing.process import Process
from chassis_realtime.entry_sealing.settings import Settings
from chassis_realtime.log import Gone

__all__ = ["SealedEntries", "Settings", "install", "lifespan"]

logger = logging.getLogger(__name__)

OPEN = "REALTIME_KEY is not set: what is told live is in Redis as it is"


def install(process: Process, settings: Settings) -> None:
    """Have entries sealed, and opened, from now on."""
    if keys := settings.entry_keys():
        process.state.live_log.codec = SealedEntries(keys)


@asynccontextmanager
async def lifespan(_process: Process, settings: Settings) -> AsyncIterator[None]:
    """Say once, where there is no key, that nothing is sealed."""
    if not settings.entry_keys():
        logger.warning(OPEN)
    yield


class SealedEntries:
    """Seals entries with the first key, and opens them with each."""

    def __init__(self, keys: list[str]) -> None:
        self._sealer = Sealer("realtime", "entries", keys)

    def seal(self, text: str) -> str:
        """Give what is kept of an entry."""
        return self._sealer.seal(text.encode())

    def open(self, kept: str) -> str:
        """Give the entry; raises Gone where its key is, so that clients load everything anew."""
        if not kept:  # the first entry of a log, which says nothing
            return kept
        try:
            return self._sealer.open(kept).decode()
        except UnreadableError as error:
            logger.warning("What was told live under the key %s cannot be read", error.key_id)
            raise Gone from error
