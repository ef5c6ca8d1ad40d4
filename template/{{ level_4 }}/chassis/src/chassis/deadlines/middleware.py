from collections.abc import Callable
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.deadlines.time_left import within
from chassis.effects import watched
from chassis.problems import ProblemResponse

READS = frozenset({"GET", "HEAD", "OPTIONS"})
TOO_LATE = "This took too long."
NOT_CONFIRMED = "This took too long: it may be done or not."


class Deadline:
    """Ends the work on a request when its time is over; without a time there is no end."""

    def __init__(self, app: ASGIApp, seconds: Callable[[Scope], float | None]) -> None:
        self.app = app
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        seconds = self.seconds(scope) if scope["type"] == "http" else None
        if seconds is None:
            await self.app(scope, receive, send)
            return
        begun = False

        async def observed(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        with watched() as effects:
            try:
                async with within(seconds):
                    await self.app(scope, receive, observed)
            except TimeoutError:
                if begun:  # half an answer cannot be taken back: the connection breaks
                    raise
                unknown = effects.possible or scope["method"] not in READS
                await _refusal(scope, unknown=unknown)(scope, receive, send)


def _refusal(scope: Scope, *, unknown: bool) -> ProblemResponse:
    if unknown:
        return ProblemResponse(
            HTTPStatus.GATEWAY_TIMEOUT, instance=scope["path"], detail=NOT_CONFIRMED
        )
    return ProblemResponse(HTTPStatus.SERVICE_UNAVAILABLE, instance=scope["path"], detail=TOO_LATE)
