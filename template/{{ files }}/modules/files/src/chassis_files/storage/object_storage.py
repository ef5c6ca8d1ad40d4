import datetime as dt
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, MemoryStore, S3Store

from chassis.problems import NotFound, Unavailable
from chassis_files.storage.settings import Settings

if TYPE_CHECKING:
    from obstore import GetResult, ObjectMeta
    from obstore.store import ObjectStore, S3Config

logger = logging.getLogger(__name__)

AWAY = "The store of files does not answer, or takes nothing."
MISSING = "The store does not have this file."
CHUNK = 256 * 1024
"""Bytes that are given out at a time."""
PARTS_AT_ONCE = 2
"""Parts of one upload that are in memory: each has 5 MiB."""
PING = "ping"
LONGEST = dt.timedelta(days=1)


class ObjectStorage:
    """The `Storage` port over obstore: a folder, memory, or a server that speaks S3."""

    def __init__(self, store: "ObjectStore") -> None:
        self.store = store
        self.failure_observers: list[Callable[[str], None]] = []
        """Are told what could not be done: put, read, copy, delete, list, ping or direct."""

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

    async def remove_folder(self, folder: str, but: str = "") -> None:
        """Remove all that is in a folder, but for what is in one of the folders in it."""
        for path in await self.sizes(folder):
            if not (but and path.startswith(f"{but}/")):
                await self.delete(path)

    async def copy(self, source: str, target: str) -> None:
        """Have the same elsewhere, too; raises NotFound."""
        with self._told("copy", source):
            await obstore.copy_async(self.store, source, target)

    async def size(self, key: str) -> int | None:
        """Say how many bytes something has; None if it is not there."""
        try:
            with self._told("read", key):
                return (await obstore.head_async(self.store, key))["size"]
        except NotFound:
            return None

    async def sizes(self, folder: str) -> dict[str, int]:
        """List what is in a folder, with its size."""
        return {one["path"]: one["size"] for one in await self._list(folder)}

    async def remove_older(self, folder: str, before: dt.datetime) -> int:
        """Remove what came into a folder before a moment; say how much that was."""
        old = [one["path"] for one in await self._list(folder) if one["last_modified"] < before]
        for path in old:
            await self.delete(path)
        return len(old)

    async def ping(self) -> None:
        """Ask for what is never there: that it is not is an answer."""
        try:
            with self._told("ping", PING):
                await obstore.head_async(self.store, PING)
        except NotFound:
            pass

    async def _list(self, folder: str) -> "list[ObjectMeta]":
        with self._told("list", folder):
            return [one async for page in obstore.list(self.store, f"{folder}/") for one in page]

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
            self.tell_failure(operation, key, error)
            raise Unavailable(AWAY) from error

    def tell_failure(self, operation: str, key: str, error: Exception) -> None:
        """Say what the store could not do."""
        logger.warning("The store of files failed at %s: %s", key, _brief(error))
        for observe in self.failure_observers:
            observe(operation)


def _brief(error: Exception) -> str:
    """Give the first line; the rest holds addresses and what a server wrote."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def storage_of(settings: Settings, more: Mapping[str, str] | None = None) -> ObjectStorage:
    """Open the store that the settings name; it is first reached when it is used.

    What is said `more` is how a server that speaks S3 keeps what it is sent.
    """
    parts = urlsplit(settings.files_url)
    match parts.scheme:
        case "file":
            folder = Path(unquote(parts.path))
            folder.mkdir(parents=True, exist_ok=True)
            return ObjectStorage(LocalStore(folder))
        case "s3":
            return ObjectStorage(_s3(parts.netloc, parts.path.strip("/"), settings, more))
        case _:
            return ObjectStorage(MemoryStore())


def _s3(bucket: str, folder: str, settings: Settings, more: Mapping[str, str] | None) -> S3Store:
    timeout = dt.timedelta(seconds=settings.files_timeout)
    key = settings.files_s3_key
    config: S3Config = {"region": settings.files_s3_region, **(more or {})}  # type: ignore[typeddict-item]
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
            "connect_timeout": dt.timedelta(seconds=2),
            # Of all of a call, with what comes after the first byte: a file takes as long as it takes.
            "timeout": LONGEST,
            "read_timeout": timeout,
        },
        retry_config={"max_retries": 2, "retry_timeout": timeout},
    )
