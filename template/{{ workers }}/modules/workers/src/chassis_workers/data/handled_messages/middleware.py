import re
from http import HTTPStatus

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.problems import ProblemError, ProblemResponse
from chassis_workers.data.handled_messages.store import Answer, HandledMessages
from chassis_workers.once import HEADER

REPLAYED = "Message-Replayed"

_NAME = HEADER.lower().encode()
_WRITES = {"POST", "PUT", "PATCH", "DELETE"}
_KEY = re.compile(r"[!-~]{1,255}")
BAD_KEY = f"{HEADER} must have 1 to 255 visible ASCII characters."


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
        except ProblemError as error:  # only of the look-up: the application answers its own
            await _problem(scope, error.status, error.detail)(scope, receive, send)

    async def _once(self, key: str, scope: Scope, receive: Receive, send: Send) -> None:
        request = f"{scope['method']} {scope['path']}"
        if answer := await self._handled.answer(key, request):
            await _replay(answer)(scope, receive, send)
            return
        replayed = False

        async def observed(message: Message) -> None:
            """Look again when the write is refused: another attempt may have made it meanwhile."""
            nonlocal replayed
            if _refuses(message) and (answer := await self._made_meanwhile(key, request)):
                replayed = True
                await _replay(answer)(scope, receive, send)
            elif not replayed:
                await send(message)

        with self._handled.writing(key, request):
            await self.app(scope, receive, observed)

    async def _made_meanwhile(self, key: str, request: str) -> Answer | None:
        try:
            return await self._handled.answer(key, request)
        except ProblemError:  # the refusal stands; another attempt will tell
            return None


def _refuses(message: Message) -> bool:
    start = message["type"] == "http.response.start"
    return start and HTTPStatus(message["status"]).is_client_error


def _key(scope: Scope) -> str | None:
    if scope["type"] != "http" or scope["method"] not in _WRITES:
        return None
    found: bytes | None = next((value for name, value in scope["headers"] if name == _NAME), None)
    return None if found is None else found.decode("latin-1")


def _replay(answer: Answer) -> Response:
    media_type = "application/json" if answer.body else None
    headers = {REPLAYED: "true"}
    return Response(answer.body, answer.status, headers=headers, media_type=media_type)


def _problem(scope: Scope, status: int, detail: str) -> ProblemResponse:
    return ProblemResponse(status, instance=scope["path"], detail=detail)
