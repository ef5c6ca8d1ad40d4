import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from html import unescape
from http import HTTPStatus
from urllib.parse import quote

import httpx2

from chassis.problems import Conflict, NotFound, Unavailable
from chassis_files.direct.port import INCOMING, Come, Link, Part, checksum_of, incoming
from chassis_files.direct.signing import Call, Signer
from chassis_files.keys import is_ours
from chassis_files.storage import ObjectStorage
from chassis_files.storage.object_storage import AWAY

CHECKSUM = "x-amz-checksum-sha256"
OVER = "This upload is over."
NOT_THESE = (
    "The store does not take these parts: say the `sha256` of each one that was sent, in order."
)
CONNECT_S = 2
trusted = cache(httpx2.create_ssl_context)
"""The authorities that this machine trusts, read once: to read them takes longer than a call."""
CALL_S = 300
"""Seconds that a link of our own calls is good for: clocks may differ."""


class _Refused(Unavailable):
    """The store does not take what it was told."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where a bucket is, with the folder in it, if there is one."""

    base: str
    public_base: str
    """The same as clients reach it."""
    link_seconds: int
    timeout: float


class S3Direct:
    """Links to a server that speaks S3: signed for where clients reach it, used where we do."""

    def __init__(self, storage: ObjectStorage, signer: Signer, bucket: Bucket) -> None:
        self._storage = storage
        self._signer = signer
        self._bucket = bucket
        self.encryption: Mapping[str, str] = {}
        """Headers that say how the store encrypts what it keeps."""
        self._client = httpx2.AsyncClient(
            timeout=httpx2.Timeout(bucket.timeout, connect=CONNECT_S),
            verify=trusted(),
            follow_redirects=False,
        )

    async def begin(self, key: str, kind: str) -> str:
        """Prepare a file in parts, each of which is checked against its digest."""
        headers = {"content-type": kind, "x-amz-checksum-algorithm": "SHA256"}
        headers |= self.encryption
        answer = await self._call("POST", self._path(key), {"uploads": ""}, headers)
        return _texts("UploadId", answer)[0]

    def link(self, part: Part) -> Link:
        """Sign a link: what is sent by it has this length, type and digest, or is refused."""
        headers = {"content-length": str(part.size), CHECKSUM: checksum_of(part.sha256)}
        headers["content-type"] = part.kind
        query = {}
        if part.upload_id:  # how it is kept was said when the upload began
            query = {"partNumber": str(part.number), "uploadId": part.upload_id}
        else:
            headers |= self.encryption
        now = dt.datetime.now(dt.UTC)
        address = f"{self._bucket.public_base}/{self._path(part.key)}"
        seconds = self._bucket.link_seconds
        url = self._signer.signed(Call("PUT", address, query, headers), now, seconds)
        return Link("PUT", url, headers, now + dt.timedelta(seconds=seconds))

    async def parts(self, key: str, upload_id: str) -> Mapping[int, Come]:
        """Ask which parts are there: there are never more than one answer holds."""
        answer = await self._call("GET", self._path(key), {"uploadId": upload_id})
        return {
            int(_texts("PartNumber", part)[0]): Come(
                int(_texts("Size", part)[0]),
                _texts("ETag", part)[0],
                next(iter(_texts("ChecksumSHA256", part)), ""),
            )
            for part in _texts("Part", answer)
        }

    async def complete(self, key: str, upload_id: str, parts: Mapping[int, Come]) -> None:
        """Have one file made of the parts."""
        listed = "".join(_written(number, parts[number]) for number in sorted(parts))
        body = f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>".encode()
        try:
            answer = await self._call("POST", self._path(key), {"uploadId": upload_id}, body=body)
        except _Refused as refused:
            raise Conflict(NOT_THESE) from refused
        if "<Error>" in answer:  # it may be told after an answer has begun well
            raise Unavailable(AWAY)

    async def abort(self, key: str, upload_id: str) -> None:
        """Have the parts removed."""
        await self._end(self._path(key), upload_id)

    async def sweep(self, before: dt.datetime) -> int:
        """Remove uploads that ended in no file, and files that nobody said are complete.

        Whoever began them: a process that writes to the store and is killed leaves one, too.
        """
        folder = self._bucket.base.partition("//")[2].split("/")[2:]
        prefix = "/".join([*folder, ""])
        answer = await self._call("GET", "", {"uploads": "", "prefix": prefix})
        begun = [
            (_texts("Key", one)[0], _texts("UploadId", one)[0])
            for one in _texts("Upload", answer)
            if is_ours(_texts("Key", one)[0].removeprefix(prefix))
            and dt.datetime.fromisoformat(_texts("Initiated", one)[0]) < before
        ]
        for path, upload_id in begun:
            await self._end(quote(path.removeprefix(prefix)), upload_id)
        return len(begun) + await self._storage.remove_older(INCOMING, before)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _end(self, path: str, upload_id: str) -> None:
        try:
            await self._call("DELETE", path, {"uploadId": upload_id})
        except NotFound:
            return

    def _path(self, key: str) -> str:
        return quote(incoming(key))

    async def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> str:
        """Call the store by a link of our own; a path of nothing is the bucket."""
        sent, now = headers or {}, dt.datetime.now(dt.UTC)
        base = self._bucket.base
        address = f"{base}/{path}" if path else "/".join(base.split("/")[:4])
        url = self._signer.signed(Call(method, address, query, sent), now, CALL_S)
        failed = partial(self._storage.tell_failure, "direct")
        try:
            answer = await self._client.request(method, url, headers=dict(sent), content=body)
        except httpx2.HTTPError as error:
            failed(path, error)
            raise Unavailable(AWAY) from error
        if answer.status_code == HTTPStatus.NOT_FOUND:
            raise NotFound(OVER)
        if answer.status_code == HTTPStatus.BAD_REQUEST and body:
            raise _Refused(AWAY)
        if not answer.is_success:
            failed(path, RuntimeError(f"answered {answer.status_code}"))
            raise Unavailable(AWAY)
        return answer.text


def _written(number: int, part: Come) -> str:
    checksum = f"<ChecksumSHA256>{part.checksum}</ChecksumSHA256>" if part.checksum else ""
    tag = part.tag.replace("&", "&amp;").replace("<", "&lt;")
    return f"<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag>{checksum}</Part>"


def _texts(name: str, xml: str) -> list[str]:
    """Give what is in elements of a name: answers of S3 are flat, and no parser has to be trusted."""
    found = re.findall(rf"<{name}>(.*?)</{name}>", xml, re.DOTALL)
    return [text if "<" in text else unescape(text) for text in found]
