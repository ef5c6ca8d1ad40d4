import asyncio
import datetime as dt
import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping
from urllib.parse import urlencode

from chassis.problems import NotFound
from chassis_files.direct.port import INCOMING, Come, Link, Part, checksum_of, incoming
from chassis_files.direct.s3 import CHECKSUM
from chassis_files.storage import ObjectStorage

PARTS = "/api/v1/file-parts"
"""Where links of our own lead."""
FOLDER = "parts"
WHOLE = "0"
"""The number in links for files that come in one piece."""


class OwnDirect:
    """Links to this API, for a store that cannot sign any: a folder, or memory.

    They promise what links of S3 do: what is sent has the length, type and digest that were signed.
    """

    def __init__(self, storage: ObjectStorage, key: str, link_seconds: int) -> None:
        self._storage = storage
        self._key = key.encode()
        self._link_seconds = link_seconds

    async def begin(self, key: str, kind: str) -> str:  # noqa: ARG002  # others need the kind
        """Prepare nothing: parts are files of their own until there are all of them."""
        return f"own-{key}"

    def link(self, part: Part) -> Link:
        """Sign a link; it is relative to wherever clients reach the API."""
        headers = {
            "content-length": str(part.size),
            CHECKSUM: checksum_of(part.sha256),
            "content-type": part.kind,
        }
        number = str(part.number) if part.upload_id else WHOLE
        expires = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=self._link_seconds)
        query = {"key": part.key, "number": number, "expires": str(int(expires.timestamp()))}
        query["signature"] = self.signature(query, headers)
        return Link("PUT", f"{PARTS}?{urlencode(query)}", headers, expires)

    def signature(self, query: Mapping[str, str], headers: Mapping[str, str]) -> str:
        """Sign what a link allows."""
        names = ("content-length", "content-type", CHECKSUM)
        said = [query[name] for name in ("key", "number", "expires")]
        text = "\n".join(["PUT", PARTS, *said, *(headers.get(name, "") for name in names)])
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()

    async def keep(self, key: str, number: str, chunks: AsyncIterator[bytes]) -> None:
        """Keep what came by a link; the same part twice is there once."""
        where = incoming(key) if number == WHOLE else f"{FOLDER}/{key}/{number}"
        await self._storage.put(where, chunks)

    async def parts(self, key: str, upload_id: str) -> Mapping[int, Come]:  # noqa: ARG002
        """List the parts that are there."""
        found = await self._storage.sizes(f"{FOLDER}/{key}")
        return {int(path.rpartition("/")[2]): Come(size) for path, size in found.items()}

    async def complete(self, key: str, upload_id: str, parts: Mapping[int, Come]) -> None:
        """Write the parts one after the other, and remove them."""
        if not parts:
            raise NotFound(key)
        await self._storage.put(incoming(key), self._joined(key, parts))
        await self.abort(key, upload_id)

    async def abort(self, key: str, upload_id: str) -> None:  # noqa: ARG002
        """Remove the parts."""
        for path in await self._storage.sizes(f"{FOLDER}/{key}"):
            await self._storage.delete(path)

    async def sweep(self, before: dt.datetime) -> int:
        """Remove parts and files that nobody said are complete."""
        folders = (FOLDER, INCOMING)
        return sum(
            await asyncio.gather(*(self._storage.remove_older(one, before) for one in folders))
        )

    async def close(self) -> None:
        """Have nothing to close."""

    async def _joined(self, key: str, parts: Mapping[int, Come]) -> AsyncIterator[bytes]:
        for number in sorted(parts):
            size = parts[number].size
            async for chunk in await self._storage.read(f"{FOLDER}/{key}/{number}", 0, size):
                yield chunk
