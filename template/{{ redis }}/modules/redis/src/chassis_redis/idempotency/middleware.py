import hashlib
import hmac
import logging
import re
from collections.abc import Collection
from http import HTTPStatus
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.access_log.routes import foreseen
from chassis.effects import watched
from chassis.problems import FieldError, ProblemResponse
from chassis_redis.idempotency.exchange import Claimed, Exchange
from chassis_redis.idempotency.records import Answer, Record, Records
from chassis_redis.redis_client import AWAY, reason

logger = logging.getLogger(__name__)

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
KNOWS_KEYS: Final = "x-knows-keys"

ILL_FORMED = "Must be 1 to 255 visible ASCII characters."
ANOTHER = f"This {HEADER} was used for another request."
BUSY = f"The first request with this {HEADER} is still being worked on."
LOST = (
    f"The first request with this {HEADER} ended without an answer, and nobody knows what was"
    " done. Look for it before you send it again with another key."
)
REFUSED = f"Requests with an {HEADER} cannot be accepted at the moment. Nothing was done."
RETRY = {"Retry-After": "1"}

_NAME = HEADER.lower().encode()
_TOKEN = b"authorization"
_FIT = re.compile(rb"[\x21-\x7e]{1,255}")


class Idempotency:
    """Carries out a POST with a key once, and repeats its answer."""

    def __init__(
        self,
        app: ASGIApp,
        records: Records,
        secret: bytes,
        scope: Collection[str],
        max_bytes: int,
    ) -> None:
        self.app = app
        self.records = records
        self.secret = secret
        self.max_bytes = max_bytes
        self.asking = {name.lower().encode() for name in scope}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        keys = _keys(scope)
        if not keys or _knows_keys(scope):
            await self.app(scope, receive, send)
            return
        if len(keys) > 1 or not _FIT.fullmatch(keys[0]):
            await _ill_formed(scope["path"])(scope, receive, send)
            return
        body = await _read(scope, receive, self.max_bytes)
        if isinstance(body, Response):
            await body(scope, receive, send)
            return
        secret = self.secret + keys[0]  # which Redis is not told either
        key = f"{keys[0].decode()} {_digest(secret, *self._who(scope))}"
        fingerprint = _digest(secret, *_what(scope, body))
        started = await self._start(key, fingerprint, scope["path"])
        if isinstance(started, Response):
            await started(scope, receive, send)
            return
        with watched() as effects:
            claimed = Claimed(key, started, scope["path"])
            exchange = Exchange(self.records, claimed, effects, send)
            try:
                await self.app(scope, _again(body, receive), exchange.send)
            finally:
                await exchange.end()

    def _who(self, scope: Scope) -> list[bytes]:
        """Tell apart who asks: the same key from somebody else is another one."""
        told = {(name, value) for name, value in scope["headers"] if name in self.asking}
        user = scope.get("user")
        if user and user.is_authenticated:  # a middleware before this one knows it: tokens change
            told = {(name, value) for name, value in told if name != _TOKEN}
            told.add((_TOKEN, user.identity.encode()))
        return sorted(name + b":" + value for name, value in told)

    async def _start(self, key: str, fingerprint: str, path: str) -> Record | Response:
        """Take the key, or give the answer if that cannot be."""
        try:
            record, own = await self.records.claim(key, fingerprint)
            if own:
                return await self.records.start(key, record) or _away(path)
        except AWAY as error:
            logger.warning("A POST with an idempotency key is refused: %s", reason(error))
            return _away(path)
        return self._known(record, fingerprint, path)

    def _known(self, record: Record, fingerprint: str, path: str) -> Response:
        """Answer by what is known of a key that somebody else has, or had."""
        if record.fingerprint != fingerprint:
            return ProblemResponse(HTTPStatus.CONFLICT, instance=path, detail=ANOTHER)
        if record.answer:
            return _replay(record.answer)
        if self.records.is_lost(record):
            return ProblemResponse(HTTPStatus.CONFLICT, instance=path, detail=LOST)
        return ProblemResponse(HTTPStatus.CONFLICT, instance=path, detail=BUSY, headers=RETRY)


def _knows_keys(scope: Scope) -> bool:
    """Tell whether a route knows itself what a key was used for, and for longer than Redis does."""
    found = foreseen(scope)
    extra = getattr(found.original_route, "openapi_extra", None) if found else None
    return bool((extra or {}).get(KNOWS_KEYS))


def _keys(scope: Scope) -> list[bytes]:
    if scope["type"] != "http" or scope["method"] != "POST":
        return []
    return [value for name, value in scope["headers"] if name == _NAME]


async def _read(scope: Scope, receive: Receive, max_bytes: int) -> bytes | Response:
    """Read the whole body, or give the answer if that cannot be."""
    parts: list[bytes] = []
    more, size = True, 0
    while more:
        try:
            message = await receive()
        except HTTPException as refusal:
            return ProblemResponse(
                refusal.status_code, instance=scope["path"], detail=refusal.detail
            )
        if message["type"] == "http.disconnect":  # nobody is there to read the answer
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        parts.append(message.get("body", b""))
        more, size = message.get("more_body", False), size + len(parts[-1])
        if size > max_bytes:
            return _too_large(scope["path"], max_bytes)
    return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """Give a body that was read to the one who reads it next."""
    unread = [body]

    async def received() -> Message:
        if unread:
            return {"type": "http.request", "body": unread.pop(), "more_body": False}
        return await receive()

    return received


def _what(scope: Scope, body: bytes) -> list[bytes]:
    """Tell apart what is asked for: the same key with anything else is refused."""
    # A cookie may say who asks, and change for other reasons: then nothing is told and nothing done.
    cookies = [value for name, value in scope["headers"] if name == b"cookie"]
    return [scope["path"].encode(), scope["query_string"], *cookies, body]


def _digest(secret: bytes, *parts: bytes) -> str:
    digests = (hashlib.sha256(part).digest() for part in parts)
    return hmac.digest(secret, b"".join(digests), hashlib.sha256).hex()


def _replay(answer: Answer) -> Response:
    response = Response(answer.body, answer.status)
    response.raw_headers = answer.raw_headers
    response.headers[REPLAYED] = "true"
    return response


def _ill_formed(path: str) -> Response:
    return ProblemResponse(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        instance=path,
        detail=f"{HEADER}: {ILL_FORMED}",
        errors=[FieldError(HEADER, ILL_FORMED)],
    )


def _too_large(path: str, max_bytes: int) -> Response:
    return ProblemResponse(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        instance=path,
        detail=f"With an {HEADER} the body may have {max_bytes} bytes.",
    )


def _away(path: str) -> Response:
    return ProblemResponse(
        HTTPStatus.SERVICE_UNAVAILABLE, instance=path, detail=REFUSED, headers=RETRY
    )
