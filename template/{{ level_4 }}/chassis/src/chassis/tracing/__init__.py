"""Tracing: which service did what on behalf of a request, and how long each part took.

A request is a trace; it goes on over the calls of ``app.state.http``, the statements of the
database and the messages that follow. Its id is in every log line. Spans tell what the access log
tells: routes as they are written in the code, no path, query or value that somebody sent.

Without TRACES_URL nothing is sent, and traces are no more than ids.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from chassis.feature import Host
from chassis.tracing.calls import CallSpans
from chassis.tracing.requests import RequestSpans
from chassis.tracing.settings import Settings
from chassis.tracing.spans import Tracing, headers

__all__ = ["Settings", "Tracing", "begin", "headers", "install", "lifespan"]


def install(app: FastAPI, settings: Settings) -> None:
    """Trace every request."""
    tracing = begin(app, settings)
    tracing.continues = settings.traces_continued
    app.add_middleware(RequestSpans, tracing=tracing)


@asynccontextmanager
async def lifespan(host: Host, _settings: Settings) -> AsyncIterator[None]:
    """Send what is left when the process stops."""
    try:
        yield
    finally:
        await asyncio.to_thread(host.state.tracing.close)  # it may take seconds


def begin(host: Host, settings: Settings) -> Tracing:
    """Give a service its ``state.tracing``, and let its calls go on with the trace."""
    tracing = Tracing(host.state.service, settings)
    host.state.tracing = tracing
    host.state.http.interceptors.append(CallSpans(tracing))
    host.state.http.header_providers.append(headers)
    host.state.http.neutral_headers.update({"traceparent", "tracestate"})
    return tracing
