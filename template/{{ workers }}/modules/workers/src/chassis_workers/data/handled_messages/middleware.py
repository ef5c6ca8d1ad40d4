import re
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.problems import FieldError, ProblemError, ProblemResponse
from chassis_workers.data.handled_messages.store import Answer, HandledMessages, Write
from chassis_workers.once import HEADER

REPLAYED = "Message-Replayed"
BAD_KEY = f"{HEADER} must have 1 to 255 visible ASCII characters."
ANOTHER = "An earlier attempt has made this write with another query or body. Nothing was done."

_NAME = HEADER.lower().encode()
_WRITES = {"POST", "PUT", "PATCH", "DELETE"}
_KEY = re.compile(r"[!-~]{1,255}")


class HandledOnce:
    """Answers a write that was made already with what it stored, and lets others pass."""

    def __init__(self, app: ASGIApp, handled: HandledMessages) -> None:
        self.app = app
        self._handled = handled

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = _key(scope)
        if key is None:
            await self.app(scope, receive, send)
            return
        if not _KEY.fullmatch(key):
            await _problem(scope, HTTPStatus.BAD_REQUEST, BAD_KEY)(scope, receive, send)
            return
        try:
            await self._once(key, scope, receive, send)
        except ClientDisconnect:  # nobody is there to read an answer
            return
        except HTTPException as error:  # of a body that is too large
            await _problem(scope, error.status_code, error.detail)(scope, receive, send)
        except ProblemError as error:  # only of the look-up: the application answers its own
            await _problem(scope, error.status, error.detail)(scope, receive, send)

    async def _once(self, key: str, scope: Scope, receive: Receive, send: Send) -> None:
        body = await Request(scope, receive).body()
        request = f"{scope['method']} {scope['path']}"
        write = Write.of(key, request, scope["query_string"], body)
        if answer := await self._handled.answer(write):
            await _again(scope, write, answer)(scope, receive, send)
            return
        replayed = False

        async def observed(message: Message) -> None:
            """Look again when the write is refused: another attempt may have made it meanwhile."""
            nonlocal replayed
            if _refuses(message) and (answer := await self._made_meanwhile(write)):
                replayed = True
                await _again(scope, write, answer)(scope, receive, send)
            elif not replayed:
                await send(message)

        with self._handled.writing(write):
            await self.app(scope, _unread(body, receive), observed)

    async def _made_meanwhile(self, write: Write) -> Answer | None:
        try:
            return await self._handled.answer(write)
        except ProblemError:  # the refusal stands; another attempt will tell
            return None


def _unread(body: bytes, receive: Receive) -> Receive:
    """Give a body that was read to the one who reads it next."""
    left = [body]

    async def received() -> Message:
        if left:
            return {"type": "http.request", "body": left.pop(), "more_body": False}
        return await receive()

    return received


def _refuses(message: Message) -> bool:
    start = message["type"] == "http.response.start"
    return start and HTTPStatus(message["status"]).is_client_error


def _key(scope: Scope) -> str | None:
    if scope["type"] != "http" or scope["method"] not in _WRITES:
        return None
    found: bytes | None = next((value for name, value in scope["headers"] if name == _NAME), None)
    return None if found is None else found.decode("latin-1")


def _again(scope: Scope, write: Write, answer: Answer) -> Response:
    if answer.digest != write.digest:
        blamed = FieldError(HEADER, "Belongs to another write.")
        return _problem(scope, HTTPStatus.CONFLICT, ANOTHER, blamed)
    media_type = "application/json" if answer.body else None
    headers = {REPLAYED: "true"}
    return Response(answer.body, answer.status, headers=headers, media_type=media_type)


def _problem(scope: Scope, status: int, detail: str, *errors: FieldError) -> ProblemResponse:
    return ProblemResponse(status, instance=scope["path"], detail=detail, errors=errors)
