"""Thumbnails: small pictures of pictures, made by a worker once those are found to be harmless."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass

from chassis.feature import no_lifespan
from chassis_files.inspection.pictures import PictureRefusedError
from chassis_files.process import Process
from chassis_files.storage import Storage
from chassis_files.thumbnail_key import thumbnail_key
from chassis_files.thumbnails.drawing import thumbnail_of
from chassis_files.thumbnails.settings import Settings

__all__ = ["Settings", "Thumbnails", "install", "lifespan"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Thumbnails:
    """Makes a thumbnail of every picture, beside the picture."""

    storage: Storage
    side: int

    async def make(self, folder: str, content: bytes, kind: str) -> None:
        """Draw it; a picture of which none can be drawn has none."""
        try:
            drawn = await asyncio.to_thread(thumbnail_of, content, kind, self.side)
        except PictureRefusedError as error:
            logger.warning("There is no thumbnail of file %s: %s", folder, error)
            return
        await self.storage.put(thumbnail_key(folder), _whole(drawn))


def install(worker: Process, settings: Settings) -> None:
    """Have thumbnails made of what is looked at."""
    state = worker.state
    state.derived_files.append(Thumbnails(state.storage, settings.files_thumbnail_side))


lifespan = no_lifespan


async def _whole(content: bytes) -> AsyncIterator[bytes]:
    yield content
