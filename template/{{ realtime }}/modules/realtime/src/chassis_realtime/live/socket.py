"""WebSocket: the same messages as over Server-Sent Events, each a JSON object."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

from fastapi import WebSocket, WebSocketDisconnect

from chassis_realtime.hub import End, Ended, Hub, Kind, Message

TOKEN = "bearer"  # noqa: S105  # the name of a subprotocol
FAREWELL_S = 0.5
UNSUPPORTED_DATA = 1003
SERVICE_RESTART = 1012
TRY_AGAIN_LATER = 1013
_CODES = {
    End.SPOKE: UNSUPPORTED_DATA,
    End.STOPPING: SERVICE_RESTART,
    End.SLOW: TRY_AGAIN_LATER,
    End.AWAY: TRY_AGAIN_LATER,
}


async def talk(
    socket: WebSocket, hub: Hub, audience: str, first: Message | None, position: str
) -> None:
    """Tell a client everything until one of both ends it."""
    # A browser can send a token as a subprotocol only; the token itself is not said again.
    offered = socket.scope.get("subprotocols", [])
    await socket.accept(subprotocol=TOKEN if TOKEN in offered else None)
    since, why = time.monotonic(), End.CLIENT
    tasks = [
        asyncio.create_task(_tell(socket, hub.messages(audience, first, position))),
        asyncio.create_task(_hear(socket)),
    ]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        why = done.pop().result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        hub.ended(f"WebSocket of {audience}", since, why)
    await _close(socket, why)


async def _tell(socket: WebSocket, messages: AsyncGenerator[Message]) -> End:
    seconds = socket.app.state.settings.realtime_send_timeout
    try:
        async with aclosing(messages):
            async for message in messages:
                if message.kind is not Kind.HEARTBEAT:  # the protocol has its own
                    await _send(socket, message, seconds)
    except Ended as ended:
        return ended.why
    except TimeoutError:
        return End.SLOW
    except WebSocketDisconnect:
        return End.CLIENT
    return End.STOPPING


async def _send(socket: WebSocket, message: Message, seconds: float) -> None:
    data = message.data or "{}"
    text = f'{{"id":"{message.id}","event":"{message.kind.value}","data":{data}}}'
    async with asyncio.timeout(seconds):  # it waits for a client that reads nothing
        await socket.send_text(text)


async def _hear(socket: WebSocket) -> End:
    """Wait until the client goes; nothing is expected of it."""
    message = await socket.receive()
    return End.SPOKE if message["type"] == "websocket.receive" else End.CLIENT


async def _close(socket: WebSocket, why: End) -> None:
    if code := _CODES.get(why):
        with suppress(RuntimeError, TimeoutError, WebSocketDisconnect):
            async with asyncio.timeout(FAREWELL_S):  # who reads nothing does not read this, either
                await socket.close(code, why.value)
