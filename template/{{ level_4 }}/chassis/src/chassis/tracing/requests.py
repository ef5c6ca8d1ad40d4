from http import HTTPStatus

from opentelemetry.trace import SpanKind
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.access_log import GONE
from chassis.access_log.routes import UNKNOWN, route_of
from chassis.metrics.requests import METHODS, OF_THE_PLATFORM, OTHER_METHOD
from chassis.request_id import current
from chassis.tracing.spans import Tracing, failed

_CARRIED = {b"traceparent", b"tracestate"}


class RequestSpans:
    """Makes a span of each request, but for those of the platform."""

    def __init__(self, app: ASGIApp, tracing: Tracing) -> None:
        self.app = app
        self._tracing = tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in OF_THE_PLATFORM:
            await self.app(scope, receive, send)
            return
        status = GONE
        method = scope["method"] if scope["method"] in METHODS else OTHER_METHOD

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        attributes = {"http.request.method": method, "url.scheme": scope.get("scheme", "http")}
        with self._tracing.trace(SpanKind.SERVER, method, attributes, self._carried(scope)) as span:
            if not span.is_recording():
                await self.app(scope, receive, send)
                return
            span.set_attribute("request.id", current() or "")
            try:
                await self.app(scope, receive, observed)
            finally:
                span.set_attribute("http.response.status_code", status)
                if (route := route_of(scope)) != UNKNOWN:
                    span.set_attribute("http.route", route)
                    span.update_name(f"{method} {route}")
                if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                    failed(span, str(status))

    def _carried(self, scope: Scope) -> dict[str, str]:
        if not self._tracing.continues:
            return {}
        return {
            name.decode(): value.decode("latin-1")
            for name, value in scope["headers"]
            if name in _CARRIED
        }
