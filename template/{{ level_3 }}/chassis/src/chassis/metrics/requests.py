"""Requests by method, route and status.

What clients send has no influence on how many series there are: a route is told as it is written in
the code, a path without one as ``unmatched``, and a method that HTTP does not have as ``_OTHER``.
"""

import time

from prometheus_client import CollectorRegistry, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.access_log import GONE
from chassis.access_log.routes import UNKNOWN, route_of

METHODS = frozenset(
    {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"}
)
OTHER_METHOD = "_OTHER"
UNMATCHED = "unmatched"
OF_THE_PLATFORM = frozenset({"/health", "/ready", "/metrics"})
"""Asked every few seconds by nobody who uses the service: they are not counted."""
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5, 10)
"""Seconds; 0.2 is what answers are promised in."""
FAILURES = ("500", "503")
"""Known from the first request on: a series that begins with its first failure hides it."""


class RequestMetrics:
    """Counts and times the requests of an application, but for those of the platform."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        self.app = app
        self._known: dict[tuple[str, str, str], Histogram] = {}
        self._durations = Histogram(
            "http_server_request_duration_seconds",
            "How long requests took, from the first byte to the last of the answer.",
            ["http_request_method", "http_route", "http_response_status_code"],
            buckets=BUCKETS,
            registry=registry,
        )
        self._active = Gauge(
            "http_server_active_requests", "Requests that are being answered.", registry=registry
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in OF_THE_PLATFORM:
            await self.app(scope, receive, send)
            return
        status = GONE
        started = time.perf_counter()

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self._active.inc()
        try:
            await self.app(scope, receive, observed)
        finally:
            self._active.dec()
            self._series(scope, status).observe(time.perf_counter() - started)

    def _series(self, scope: Scope, status: int) -> Histogram:
        route = route_of(scope)
        name = (
            scope["method"] if scope["method"] in METHODS else OTHER_METHOD,
            UNMATCHED if route == UNKNOWN else route,
            str(status),
        )
        if name not in self._known:
            for code in {*FAILURES, name[2]}:
                labels = (*name[:2], code)
                self._known[labels] = self._durations.labels(*labels)
        return self._known[name]
