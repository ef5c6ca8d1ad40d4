from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.request_id.context import HEADER, bound

_NAME = HEADER.lower().encode()
_ANSWERS = {"http.response.start", "websocket.accept"}


class RequestId:
    """Runs every request under its id, and returns the id with the answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        with bound(_received(scope)) as request_id:
            stamp = (_NAME, request_id.encode())

            async def stamped(message: Message) -> None:
                if message["type"] in _ANSWERS:
                    others = [pair for pair in message.get("headers", []) if pair[0] != _NAME]
                    message = {**message, "headers": [*others, stamp]}
                await send(message)

            await self.app(scope, receive, stamped)


def _received(scope: Scope) -> str:
    values = (value for name, value in scope["headers"] if name == _NAME)
    return next(values, b"").decode("latin-1")
