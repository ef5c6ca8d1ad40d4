"""Spans as they arrive where they are collected."""

import asyncio
import re
import time
from collections.abc import Iterator

import pytest
from aiohttp.test_utils import unused_port
from fastapi import APIRouter, FastAPI
from httpx2 import AsyncClient
from pydantic import ValidationError
from structlog.contextvars import get_contextvars

from chassis.app import build_app
from chassis.features import FeatureSettings
from chassis.testing.spans import Collector, attributes, collecting
from chassis.tracing import Settings, headers
from chassis.tracing.spans import PATIENCE_S

router = APIRouter()
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as one:
        yield one


@router.get("/plants/{name}")
async def plant(name: str) -> str:
    return name


@router.get("/broken")
async def broken() -> None:
    raise ValueError("a secret")


@pytest.fixture
def settings(collector: Collector) -> FeatureSettings:
    return FeatureSettings(traces_url=collector.url, traces_share=1)


@pytest.fixture
def app(settings: FeatureSettings) -> FastAPI:
    return build_app("Garden", [router], settings)


async def flushed(app: FastAPI) -> None:
    """Have everything sent that is over."""
    await asyncio.to_thread(app.state.tracing.provider.force_flush)


async def test_a_request_is_a_span_that_tells_nothing_of_what_was_sent(
    app: FastAPI, client: AsyncClient, collector: Collector
) -> None:
    await client.get("/plants/fern?secret=1", headers={"X-Request-ID": "r1", "Cookie": "secret"})
    await flushed(app)

    (span,) = collector.spans
    assert span.name == "GET /plants/{name}"
    assert attributes(span) == {
        "http.request.method": "GET",
        "url.scheme": "http",
        "request.id": "r1",
        "http.response.status_code": 200,
        "http.route": "/plants/{name}",
    }
    assert b"fern" not in span.SerializeToString()
    assert b"secret" not in span.SerializeToString()


async def test_an_error_is_told_by_its_kind(
    app: FastAPI, client: AsyncClient, collector: Collector
) -> None:
    assert (await client.get("/broken")).status_code == 500
    await flushed(app)

    (span,) = collector.spans
    assert span.status.code == span.status.STATUS_CODE_ERROR
    assert attributes(span)["error.type"] == "500"
    assert b"secret" not in span.SerializeToString()
    assert not span.events


async def test_what_nobody_serves_is_a_span_without_its_path(
    app: FastAPI, client: AsyncClient, collector: Collector
) -> None:
    await client.request("BREW", "/somebody@example.com")
    await flushed(app)

    (span,) = collector.spans
    assert span.name == "_OTHER"
    assert b"somebody" not in span.SerializeToString()


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics"])
async def test_the_platform_is_not_traced(
    app: FastAPI, client: AsyncClient, collector: Collector, path: str
) -> None:
    await client.get(path)
    await flushed(app)

    assert collector.spans == []


async def test_a_call_goes_on_with_the_trace(
    app: FastAPI, client: AsyncClient, collector: Collector
) -> None:
    @app.get("/asking")
    async def asking() -> int:
        return int((await app.state.http.get(f"{collector.address}/things?key=secret")).status)

    assert (await client.get("/asking")).json() == 200
    await flushed(app)

    call, request = collector.spans
    assert call.trace_id == request.trace_id
    assert call.parent_span_id == request.span_id
    assert attributes(call)["http.response.status_code"] == 200
    assert b"secret" not in call.SerializeToString()
    sent = collector.asked[0]["traceparent"].split("-")
    assert sent[1:3] == [call.trace_id.hex(), call.span_id.hex()]


async def test_a_call_that_fails_says_so(
    app: FastAPI, client: AsyncClient, collector: Collector
) -> None:
    nowhere = f"http://127.0.0.1:{unused_port()}"

    @app.get("/asking")
    async def asking() -> None:
        await app.state.http.get(nowhere)

    assert (await client.get("/asking")).status_code == 503
    await flushed(app)

    call, _ = collector.spans
    assert attributes(call)["error.type"] == "Unavailable"


async def test_the_trace_is_bound_to_every_log_line(
    app: FastAPI, client: AsyncClient, collector: Collector
) -> None:
    @app.get("/logged")
    async def logged() -> str:
        return str(get_contextvars()["trace_id"])

    bound = (await client.get("/logged")).json()
    await flushed(app)

    assert bound == collector.spans[0].trace_id.hex()


async def test_a_client_cannot_choose_what_is_sent(
    app: FastAPI, client: AsyncClient, collector: Collector
) -> None:
    await client.get("/plants/fern", headers={"traceparent": PARENT})
    await flushed(app)

    assert collector.spans[0].trace_id.hex() != TRACE


@pytest.mark.parametrize("given", [PARENT, "00-0-0-01", "", "nonsense", PARENT + "x"])
async def test_one_that_is_trusted_can(
    app: FastAPI, client: AsyncClient, collector: Collector, given: str
) -> None:
    app.state.tracing.continues = True
    await client.get("/plants/fern", headers={"traceparent": given})
    await flushed(app)

    assert (collector.spans[0].trace_id.hex() == TRACE) == (given == PARENT)


async def told(client: AsyncClient) -> dict[str, float]:
    """The spans that were sent, as Prometheus reads it."""
    lines = (await client.get("/metrics")).text.splitlines()
    found = (re.fullmatch(r'trace_spans_total{outcome="(\w+)"} (.+)', line) for line in lines)
    return {one[1]: float(one[2]) for one in found if one}


async def test_what_is_taken_is_told(app: FastAPI, client: AsyncClient) -> None:
    assert await told(client) == {"taken": 0, "lost": 0}
    await client.get("/plants/fern")
    await client.get("/plants/moss")
    await flushed(app)

    assert await told(client) == {"taken": 2, "lost": 0}


class TestWithoutAnAddress:
    @pytest.fixture
    def app(self) -> FastAPI:
        return build_app("Garden", [router], FeatureSettings())

    async def test_traces_are_ids(self, app: FastAPI, client: AsyncClient) -> None:
        @app.get("/carried")
        async def carried() -> dict[str, str]:
            return headers()

        _, trace, _, flags = (await client.get("/carried")).json()["traceparent"].split("-")

        assert int(trace, 16) > 0
        assert not int(flags, 16) & 1  # nothing is sent


class TestWithoutACollector:
    @pytest.fixture
    def app(self) -> FastAPI:
        nowhere = f"http://127.0.0.1:{unused_port()}/v1/traces"
        return build_app("Garden", [router], FeatureSettings(traces_url=nowhere, traces_share=1))

    async def test_requests_are_answered(self, app: FastAPI, client: AsyncClient) -> None:
        assert (await client.get("/plants/fern")).json() == "fern"
        begun = time.monotonic()
        await asyncio.to_thread(app.state.tracing.close)

        assert time.monotonic() - begun < 2 * PATIENCE_S
        assert await told(client) == {"taken": 0, "lost": 1}


def test_an_address_must_be_one() -> None:
    with pytest.raises(ValidationError, match="traces_url"):
        Settings(traces_url="jaeger")
