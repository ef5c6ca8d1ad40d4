import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, MemoryStore, S3Store

from chassis.problems import NotFound, Unavailable
from chassis_files.storage.settings import Settings

if TYPE_CHECKING:
    from obstore import GetResult
    from obstore.store import ObjectStore, S3Config

logger = logging.getLogger(__name__)

AWAY = "The store of files does not answer, or takes nothing."
MISSING = "The store does not have this file."
CHUNK = 256 * 1024
"""Bytes that are given out at a time."""
PARTS_AT_ONCE = 2
"""Parts of one upload that are in memory: each has 5 MiB."""
PING = "ping"


class ObjectStorage:
    """The `Storage` port over obstore: a folder, memory, or a server that speaks S3."""

    def __init__(self, store: "ObjectStore") -> None:
        self.store = store
        self.failure_observers: list[Callable[[str], None]] = []
        """Are told what could not be done: put, read, delete or ping."""

    async def put(self, key: str, chunks: AsyncIterator[bytes]) -> None:
        """Keep all of it, or nothing."""
        with self._told("put", key):
            await obstore.put_async(self.store, key, chunks, max_concurrency=PARTS_AT_ONCE)

    async def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Give the bytes from one to before another."""
        with self._told("read", key):
            found = await obstore.get_async(self.store, key, options={"range": (start, end)})
        return self._chunks(found, key)

    async def delete(self, key: str) -> None:
        """Remove what is there; it need not be."""
        try:
            with self._told("delete", key):
                await obstore.delete_async(self.store, key)
        except NotFound:
            pass

    async def ping(self) -> None:
        """Ask for what is never there: that it is not is an answer."""
        try:
            with self._told("ping", PING):
                await obstore.head_async(self.store, PING)
        except NotFound:
            pass

    async def _chunks(self, found: "GetResult", key: str) -> AsyncIterator[bytes]:
        with self._told("read", key):
            async for chunk in found.stream(min_chunk_size=CHUNK):
                yield bytes(chunk)

    @contextmanager
    def _told(self, operation: str, key: str) -> Iterator[None]:
        """Say what the store answers in words of this system."""
        try:
            yield
        except FileNotFoundError as error:
            raise NotFound(MISSING) from error
        except (BaseError, OSError) as error:
            logger.warning("The store of files failed at %s: %s", key, _brief(error))
            for observe in self.failure_observers:
                observe(operation)
            raise Unavailable(AWAY) from error


def _brief(error: Exception) -> str:
    """Give the first line; the rest holds addresses and what a server wrote."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def storage_of(settings: Settings) -> ObjectStorage:
    """Open the store that the settings name; it is first reached when it is used."""
    parts = urlsplit(settings.files_url)
    match parts.scheme:
        case "file":
            folder = Path(unquote(parts.path))
            folder.mkdir(parents=True, exist_ok=True)
            return ObjectStorage(LocalStore(folder))
        case "s3":
            return ObjectStorage(_s3(parts.netloc, parts.path.strip("/"), settings))
        case _:
            return ObjectStorage(MemoryStore())


def _s3(bucket: str, folder: str, settings: Settings) -> S3Store:
    timeout = timedelta(seconds=settings.files_timeout)
    key = settings.files_s3_key
    config: S3Config = {"region": settings.files_s3_region}
    if settings.files_s3_endpoint:
        config["endpoint"] = settings.files_s3_endpoint
    if settings.files_s3_key_id:
        config["access_key_id"] = settings.files_s3_key_id
        config["secret_access_key"] = key.get_secret_value() if key else ""
    return S3Store(
        bucket,
        prefix=folder or None,
        config=config,
        client_options={
            "allow_http": settings.files_s3_endpoint.startswith("http://"),
            "connect_timeout": timedelta(seconds=2),
            "timeout": timeout,
        },
        retry_config={"max_retries": 2, "retry_timeout": timeout},
    )
