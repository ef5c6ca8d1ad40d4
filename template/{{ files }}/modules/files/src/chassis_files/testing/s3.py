"""A server that speaks S3, as far as it is needed, and is as strict as S3 is with signatures.

It keeps everything in memory. What is not signed by its key, has expired, has another digest than
it says, or is no part of an upload that goes on, is refused with what S3 answers then.
"""

import asyncio
import base64
import datetime as dt
import hashlib
import hmac
import re
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import parse_qsl, quote, unquote

import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

KEY_ID, KEY, REGION, BUCKET = "AKIDEXAMPLE", "a secret of the stand-in", "us-east-1", "shop"
SMALLEST_PART = 5 * 1024 * 1024


class Refusal(Exception):  # noqa: N818  # an answer
    """What S3 answers to what it does not do."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


@dataclass
class Begun:
    """An upload in parts that goes on."""

    key: str
    at: dt.datetime
    headers: dict[str, str]
    parts: dict[int, bytes] = field(default_factory=dict)


@dataclass
class S3:
    """The bucket, and what is asked of it."""

    url: str = ""
    now: dt.datetime | None = None
    """What its clock says; None for the time of the machine."""
    tells_digests: bool = True
    """Whether it tells the digests of the parts that are there, as S3 does and others do not."""
    objects: dict[str, bytes] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    uploads: dict[str, Begun] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def clock(self) -> dt.datetime:
        """Say what time it is."""
        return self.now or dt.datetime.now(dt.UTC)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        self.asked.append(f"{request.method} {request.url.path}")
        try:
            body = await request.body()
            self._check(request, body)
            answer = self._answer(request, body)
        except Refusal as refusal:
            text = f"<Error><Code>{refusal.code}</Code></Error>"
            answer = Response(text, refusal.status, media_type="application/xml")
        await answer(scope, receive, send)

    def _check(self, request: Request, body: bytes) -> None:
        headers, query = request.headers, _query(request)
        said = self._said_in_query(query) if "X-Amz-Signature" in query else _said(headers)
        names, payload, date = said["SignedHeaders"], said["Payload"], said["Date"]
        owner, _, scope = said["Credential"].partition("/")
        if owner != KEY_ID or scope.split("/")[1] != REGION:
            raise Refusal(403, "InvalidAccessKeyId")
        lines = [f"{name}:{' '.join(headers.get(name, '').split())}" for name in names.split(";")]
        asked = "&".join(f"{_quoted(name)}={_quoted(query[name])}" for name in sorted(query))
        path = quote(unquote(request.scope["raw_path"].decode()), safe="/-_.~")
        canonical = "\n".join([request.method, path, asked, *lines, "", names, payload])
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{digest}"
        key = b"AWS4" + KEY.encode()
        for part in [*scope.split("/"), text]:
            key = hmac.digest(key, part.encode(), "sha256")
        if key.hex() != said["Signature"]:
            raise Refusal(403, "SignatureDoesNotMatch")
        if payload not in {"UNSIGNED-PAYLOAD", hashlib.sha256(body).hexdigest()}:
            raise Refusal(400, "XAmzContentSHA256Mismatch")
        said_digest = headers.get("x-amz-checksum-sha256")
        if said_digest is not None and said_digest != _digest(body):
            raise Refusal(400, "BadDigest")

    def _said_in_query(self, query: dict[str, str]) -> dict[str, str]:
        """Take what is said of a signature out of a link that has not expired."""
        begin = dt.datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%S%z")
        if self.clock() > begin + dt.timedelta(seconds=int(query["X-Amz-Expires"])):
            raise Refusal(403, "AccessDenied")
        said = {name.removeprefix("X-Amz-"): text for name, text in query.items()}
        del query["X-Amz-Signature"]
        return {**said, "Payload": "UNSIGNED-PAYLOAD"}

    def _answer(self, request: Request, body: bytes) -> Response:
        query = _query(request)
        _, bucket, *rest = request.url.path.split("/", 2)
        if bucket != BUCKET:
            raise Refusal(404, "NoSuchBucket")
        key = rest[0] if rest else ""
        if not key:
            return self._removed(body.decode()) if "delete" in query else self._listed(query)
        if "uploads" in query:
            return self._begin(key, request.headers)
        if "uploadId" in query:
            return self._upload_answer(key, request.method, query, body)
        match request.method:
            case "PUT":
                return self._put(key, request.headers, body)
            case "GET" | "HEAD":
                return self._read(key, request)
        raise Refusal(405, "MethodNotAllowed")

    def _upload_answer(
        self, key: str, method: str, query: Mapping[str, str], body: bytes
    ) -> Response:
        name = query["uploadId"]
        begun = self._upload(key, name)
        match method:
            case "PUT":
                begun.parts[int(query["partNumber"])] = body
                return Response(headers={"ETag": _tag(body)})
            case "POST":
                return self._complete(begun, name, body.decode())
            case "DELETE":
                del self.uploads[name]
                return Response(status_code=204)
        return _parts(begun, self.tells_digests)

    def _put(self, key: str, headers: Mapping[str, str], body: bytes) -> Response:
        source, text = headers.get("x-amz-copy-source"), ""
        if source:
            body = self._object(unquote(source).lstrip("/").partition("/")[2])
            text = f"<ETag>{_tag(body)}</ETag><LastModified>{_at(self.clock())}</LastModified>"
        self.objects[key] = body
        self.headers[key] = dict(headers)
        return _xml(text, "CopyObjectResult", ETag=_tag(body))

    def _removed(self, body: str) -> Response:
        keys = [unescape(key) for key in re.findall("<Key>(.*?)</Key>", body)]
        for key in keys:
            self.objects.pop(key, None)
        found = "".join(f"<Deleted><Key>{_escaped(key)}</Key></Deleted>" for key in keys)
        return _xml(found, "DeleteResult")

    def _read(self, key: str, request: Request) -> Response:
        content, status = self._object(key), 200
        headers = {"ETag": _tag(content), "Last-Modified": f"{self.clock():%a, %d %b %Y %X} GMT"}
        asked = request.headers.get("range")
        if asked:
            first, last = asked.removeprefix("bytes=").split("-")
            size, status = len(content), 206
            if int(first) >= size:
                raise Refusal(416, "InvalidRange")
            content = content[int(first) : int(last) + 1]
            headers["Content-Range"] = f"bytes {first}-{int(first) + len(content) - 1}/{size}"
        headers["Content-Length"] = str(len(content))
        return Response(b"" if request.method == "HEAD" else content, status, headers)

    def _begin(self, key: str, headers: Mapping[str, str]) -> Response:
        name = f"upload-{len(self.uploads) + 1}&<{len(self.asked)}>"
        self.uploads[name] = Begun(key, self.clock(), dict(headers))
        text = f"<UploadId>{_escaped(name)}</UploadId>"
        return _xml(text, "InitiateMultipartUploadResult")

    def _complete(self, begun: Begun, name: str, body: str) -> Response:
        checked = begun.headers.get("x-amz-checksum-algorithm") == "SHA256"
        listed = re.findall("<Part>(.*?)</Part>", body)
        for number, part in begun.parts.items():
            said = "".join(one for one in listed if f"<PartNumber>{number}<" in one)
            if _tag(part) not in unescape(said):
                raise Refusal(400, "InvalidPart")
            if checked and f"<ChecksumSHA256>{_digest(part)}<" not in said:
                raise Refusal(400, "InvalidRequest")
            if number < max(begun.parts) and len(part) < SMALLEST_PART:
                raise Refusal(400, "EntityTooSmall")
        whole = b"".join(begun.parts[number] for number in sorted(begun.parts))
        self.objects[begun.key] = whole
        self.headers[begun.key] = begun.headers
        del self.uploads[name]
        return _xml(f"<ETag>{_escaped(_tag(whole))}</ETag>", "CompleteMultipartUploadResult")

    def _listed(self, query: Mapping[str, str]) -> Response:
        prefix = query.get("prefix", "")
        if "uploads" in query:
            found = "".join(
                f"<Upload><Key>{one.key}</Key><UploadId>{_escaped(name)}</UploadId>"
                f"<Initiated>{_at(one.at)}</Initiated></Upload>"
                for name, one in self.uploads.items()
                if one.key.startswith(prefix)
            )
            return _xml(found)
        found = "".join(
            f"<Contents><Key>{key}</Key><LastModified>{_at(self.clock())}</LastModified>"
            f"<ETag>{_tag(content)}</ETag><Size>{len(content)}</Size></Contents>"
            for key, content in self.objects.items()
            if key.startswith(prefix)
        )
        return _xml(f"<IsTruncated>false</IsTruncated>{found}", "ListBucketResult")

    def _object(self, key: str) -> bytes:
        if key not in self.objects:
            raise Refusal(404, "NoSuchKey")
        return self.objects[key]

    def _upload(self, key: str, upload_id: str) -> Begun:
        begun = self.uploads.get(upload_id)
        if begun is None or begun.key != key:
            raise Refusal(404, "NoSuchUpload")
        return begun


@asynccontextmanager
async def standing_in() -> AsyncIterator[S3]:
    """Serve one, in the loop of the test."""
    s3 = S3()
    config = uvicorn.Config(s3, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as open_:
        s3.url = "http://{}:{}".format(*open_.getsockname())
        task = asyncio.create_task(server._serve([open_]))  # noqa: SLF001  # without its signals
        try:
            yield s3
        finally:
            server.should_exit = True
            await task


def _said(headers: Mapping[str, str]) -> dict[str, str]:
    """Read what a request says of its signature in its headers."""
    parts = headers.get("authorization", "").partition(" ")[2].split(",")
    said = dict(part.strip().split("=", 1) for part in parts if "=" in part)
    if not said:
        raise Refusal(403, "AccessDenied")
    return {**said, "Payload": headers["x-amz-content-sha256"], "Date": headers["x-amz-date"]}


def _parts(begun: Begun, tells_digests: bool) -> Response:  # noqa: FBT001
    digest = "<ChecksumSHA256>{}</ChecksumSHA256>" if tells_digests else ""
    return _xml(
        "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>{_escaped(_tag(part))}</ETag>"
            f"<Size>{len(part)}</Size>{digest.format(_digest(part))}</Part>"
            for number, part in sorted(begun.parts.items())
        )
    )


def _query(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.url.query, keep_blank_values=True))


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def _at(moment: dt.datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"


def _tag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def _digest(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def _xml(text: str, name: str = "Result", **headers: str) -> Response:
    return Response(f"<{name}>{text}</{name}>", headers=headers, media_type="application/xml")
