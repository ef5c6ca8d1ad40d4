from http import HTTPStatus
from urllib.parse import urlsplit

from opentelemetry.trace import SpanKind

from chassis.http_client import Call, Reply, Request
from chassis.tracing.spans import Tracing, failed


class CallSpans:
    """Makes a span of each call to another service, its retries and its waiting included."""

    def __init__(self, tracing: Tracing) -> None:
        self._tracing = tracing

    async def __call__(self, request: Request, call: Call) -> Reply:
        """Make the call."""
        server = urlsplit(request.url)
        attributes: dict[str, str | int] = {
            "http.request.method": request.method,
            "server.address": server.hostname or "",
            "server.port": server.port or {"https": 443}.get(server.scheme, 80),
        }
        with self._tracing.span(SpanKind.CLIENT, request.method, attributes) as span:
            reply = await call(request)
            span.set_attribute("http.response.status_code", reply.status)
            if reply.status >= HTTPStatus.BAD_REQUEST:
                failed(span, str(reply.status))
            return reply
