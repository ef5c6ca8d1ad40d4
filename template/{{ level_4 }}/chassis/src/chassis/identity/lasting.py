"""Connections that last: whoever opened one is asked again who it is, for as long as it is open."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

logger = logging.getLogger(__name__)

POLICY_VIOLATION = 1008
"""How a WebSocket is closed that may not be open."""

type Refused = Callable[[Scope], Awaitable[str | None]]
"""Says why a connection may not go on; None while it may."""


class Lasting:
    """Serves a stream or a WebSocket until it ends, or until it may not go on.

    The application is told that the client has gone: whatever it does then is right here, too.
    """

    def __init__(self, app: ASGIApp, refused: Refused, every: float) -> None:
        self._app = app
        self._refused = refused
        self._every = every

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        watching = asyncio.create_task(self._watch(scope))
        begun, ended = False, False

        async def receive_or_end() -> Message:
            if scope["type"] == "http":
                gone: Message = {"type": "http.disconnect"}
            else:
                gone = {"type": "websocket.disconnect", "code": POLICY_VIOLATION}
            hearing = asyncio.ensure_future(receive())
            try:
                await asyncio.wait({hearing, watching}, return_when=asyncio.FIRST_COMPLETED)
                return hearing.result() if hearing.done() else gone
            finally:
                hearing.cancel()

        async def note(message: Message) -> None:
            nonlocal begun, ended
            begun = begun or message["type"] in {"http.response.start", "websocket.accept"}
            ended = ended or message["type"] == "websocket.close" or _is_last(message)
            await send(message)

        try:
            await self._app(scope, receive_or_end, note)
        except WebSocketDisconnect:
            if not watching.done():
                raise
        finally:
            watching.cancel()
        if begun and not ended and watching.done():
            await _end(scope, send, watching.result())

    async def _watch(self, scope: Scope) -> str:
        """Wait until the connection may not go on, and say why."""
        while True:
            await asyncio.sleep(self._every)
            if why := await self._refused(scope):
                logger.info("A connection to %s ends: %s", scope["path"], why)
                return why


def _is_last(message: Message) -> bool:
    return message["type"] == "http.response.body" and not message.get("more_body", False)


async def _end(scope: Scope, send: Send, why: str) -> None:
    """End the connection as its protocol does, if the client is still there."""
    with suppress(OSError, RuntimeError):
        if scope["type"] == "http":
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        else:
            await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": why})
