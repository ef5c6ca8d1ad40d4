"""What a service tells Prometheus, whatever clients send."""

import asyncio
import logging
from collections.abc import Iterable
from uuid import uuid4

import pytest
from fastapi import APIRouter, FastAPI
from httpx2 import AsyncClient
from prometheus_client import Counter, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as families

from chassis.access_log import LOGGER
from chassis.app import build_app
from chassis.features import FeatureSettings
from chassis.metrics import Metrics, exposition

WATERED = Counter("metrics_test_plants_watered", "Plants that were watered, by this test.")
BEGUN = asyncio.Event()
COUNT = "http_server_request_duration_seconds_count"

beds = APIRouter(prefix="/beds")


@beds.get("/{bed}")
async def bed(bed: str) -> str:
    match bed:
        case "lost":
            raise LookupError(bed)
        case "slow":
            BEGUN.set()
            await asyncio.Event().wait()
    return bed


@pytest.fixture
def app() -> FastAPI:
    garden = APIRouter(prefix="/api/v1")
    garden.include_router(beds)
    return build_app("Garden", [garden], FeatureSettings())


@pytest.fixture
def told(app: FastAPI) -> Metrics:
    found: Metrics = app.state.metrics
    return found


def counted(metrics: Metrics, method: str, route: str, status: str) -> float | None:
    labels = {
        "http_request_method": method,
        "http_route": route,
        "http_response_status_code": status,
    }
    return metrics.registry.get_sample_value(COUNT, labels)


@pytest.mark.parametrize(
    ("method", "path", "series"),
    [
        ("GET", "/api/v1/beds/roses?a=1", ("GET", "/api/v1/beds/{bed}", "200")),
        ("GET", "/api/v1/beds/lost", ("GET", "/api/v1/beds/{bed}", "500")),
        ("DELETE", "/api/v1/beds/roses", ("DELETE", "/api/v1/beds/{bed}", "405")),
        ("GET", "/nothing/here", ("GET", "unmatched", "404")),
        ("BREW", "/api/v1/beds/roses", ("_OTHER", "/api/v1/beds/{bed}", "405")),
        ("BREW", "/nothing", ("_OTHER", "unmatched", "404")),
    ],
)
async def test_a_request_is_counted_by_its_route(
    client: AsyncClient, told: Metrics, method: str, path: str, series: tuple[str, str, str]
) -> None:
    await client.request(method, path)

    assert counted(told, *series) == 1


async def test_an_answer_that_comes_before_the_route_is_counted_by_it_too(
    client: AsyncClient, told: Metrics
) -> None:
    await client.get("/api/v1/beds/roses", headers={"Content-Length": "999999999"})

    assert counted(told, "GET", "/api/v1/beds/{bed}", "413") == 1


async def test_a_first_failure_can_be_seen_as_an_increase(
    client: AsyncClient, told: Metrics
) -> None:
    await client.get("/api/v1/beds/roses")

    for status in ("500", "503"):
        assert counted(told, "GET", "/api/v1/beds/{bed}", status) == 0


async def test_what_clients_send_makes_no_series(client: AsyncClient) -> None:
    async def series() -> int:
        body = (await client.get("/metrics")).text
        return sum(len(family.samples) for family in families(body) if "http" in family.name)

    for path in ("/api/v1/beds/first", "/first"):
        await client.request("FIRST", path)
        await client.get(path)
    before = await series()
    for number in range(200):
        await client.get(f"/api/v1/beds/{uuid4()}?{number}={number}")
        await client.request(f"X{number}", f"/api/v1/beds/{number}")
        await client.get(f"/{uuid4()}", headers={"Host": f"{number}.example", f"X-{number}": "1"})

    assert await series() == before


async def test_no_word_of_a_client_is_told(client: AsyncClient) -> None:
    marker = "ada.example"
    for path in (f"/api/v1/beds/{marker}?{marker}", f"/{marker}"):
        await client.get(path, headers={"X-Request-ID": marker, "User-Agent": marker})

    assert marker not in (await client.get("/metrics")).text


async def test_requests_that_are_being_answered(client: AsyncClient, told: Metrics) -> None:
    slow = asyncio.create_task(client.get("/api/v1/beds/slow"))
    await BEGUN.wait()
    active = told.registry.get_sample_value("http_server_active_requests")
    slow.cancel()
    await asyncio.gather(slow, return_exceptions=True)

    assert active == 1
    assert told.registry.get_sample_value("http_server_active_requests") == 0
    assert counted(told, "GET", "/api/v1/beds/{bed}", "499") == 1  # nobody waited for the answer


async def test_what_the_platform_asks_is_neither_counted_nor_logged(
    client: AsyncClient, told: Metrics, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for path in ("/health", "/ready", "/metrics"):
        await client.get(path)
        assert counted(told, "GET", path, "200") is None

    assert [record for record in caplog.records if record.name == LOGGER] == []


async def test_a_metric_of_the_owners_is_told(client: AsyncClient) -> None:
    WATERED.inc(3)

    assert "metrics_test_plants_watered_total 3.0" in (await client.get("/metrics")).text


@pytest.mark.parametrize(
    ("accepted", "media_type"),
    [
        ("", "text/plain"),
        ("application/openmetrics-text; version=1.0.0", "application/openmetrics"),
    ],
)
async def test_the_format_is_the_one_that_is_asked_for(
    client: AsyncClient, accepted: str, media_type: str
) -> None:
    await client.get("/api/v1/beds/roses")
    answer = await client.get("/metrics", headers={"Accept": accepted})

    assert answer.headers["content-type"].startswith(media_type)
    assert answer.headers["cache-control"] == "no-store"
    read = openmetrics if "openmetrics" in media_type else families
    names = {family.name for family in read(answer.text)}
    assert {"http_server_request_duration_seconds", "http_server_active_requests"} <= names
    assert not [name for name in names if name.endswith("_created")]


async def test_it_says_what_runs(client: AsyncClient) -> None:
    [info] = [
        family
        for family in families((await client.get("/metrics")).text)
        if family.name == "target_info"
    ]

    assert info.samples[0].labels["service_name"] == "garden"
    assert info.samples[0].labels["deployment_environment_name"] == "local"


@pytest.fixture
def asked(told: Metrics, monkeypatch: pytest.MonkeyPatch) -> Iterable[str]:
    """Sources, of which all but one have no answer."""
    monkeypatch.setattr(exposition, "PATIENCE_S", 0.01)

    async def broken() -> Iterable[Metric]:
        raise LookupError("SELECT")

    async def hangs() -> Iterable[Metric]:
        await asyncio.Event().wait()
        return []

    async def knows() -> Iterable[Metric]:
        return [GaugeMetricFamily("beds", "Beds.", value=7)]

    told.sources += [broken, hangs, knows]
    return ("LookupError", "TimeoutError")


async def test_a_source_without_an_answer_is_in_nobodys_way(
    client: AsyncClient, asked: Iterable[str], caplog: pytest.LogCaptureFixture
) -> None:
    answer = await client.get("/metrics")

    assert answer.status_code == 200
    assert "beds 7.0" in answer.text
    assert [message.rsplit(" ", 1)[1] for message in caplog.messages] == list(asked)
    assert "SELECT" not in caplog.text


async def test_it_is_not_part_of_the_documented_api(app: FastAPI) -> None:
    assert "/metrics" not in app.openapi()["paths"]
