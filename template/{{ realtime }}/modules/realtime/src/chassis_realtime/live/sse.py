"""Server-Sent Events: one answer that goes on for as long as the client reads."""

import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import ExitStack, aclosing

from fastapi.sse import EventSourceResponse, format_sse_event
from starlette.types import Receive, Scope, Send

from chassis_realtime.hub import End, Ended, Hub, Kind, Message

HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
RETRY_MS = 1000
"""How long browsers wait until they come again."""


class Events(EventSourceResponse):
    """Everything that an audience is told; a place is given back at its end."""

    def __init__(self, place: ExitStack, messages: AsyncIterator[bytes]) -> None:
        super().__init__(messages, headers=HEADERS)
        self._place = place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._place:
            await super().__call__(scope, receive, send)


async def lines(
    hub: Hub, audience: str, first: Message | None, position: str
) -> AsyncGenerator[bytes]:
    """Give what is sent: first this message, if there is one, then all that comes after it."""
    since, why = time.monotonic(), End.CLIENT
    try:
        yield format_sse_event(retry=RETRY_MS)
        async with aclosing(hub.messages(audience, first, position)) as messages:
            async for message in messages:
                yield _line(message)
    except Ended as ended:
        why = ended.why
    finally:
        hub.ended(f"Stream of {audience}", since, why)


def _line(message: Message) -> bytes:
    if message.kind is Kind.HEARTBEAT:
        return format_sse_event(comment=message.kind.value)
    event, data = message.kind.value, message.data or "{}"
    return format_sse_event(data_str=data, event=event, id=message.id)
