from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.draining.stopping import Draining


class ClosingAnswers:
    """Tells clients, once the end has begun, to take another connection for the next request."""

    def __init__(self, app: ASGIApp, draining: Draining) -> None:
        self.app = app
        self._draining = draining

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def closing(message: Message) -> None:
            if message["type"] == "http.response.start" and self._draining.begun.is_set():
                message["headers"] = [*message.get("headers", []), (b"connection", b"close")]
            await send(message)

        await self.app(scope, receive, closing)
