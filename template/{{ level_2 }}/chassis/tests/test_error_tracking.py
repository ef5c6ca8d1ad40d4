"""Errors are reported, and nothing that people sent."""

from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk
from fastapi import APIRouter, FastAPI, Request
from httpx2 import ASGITransport, AsyncClient
from sentry_sdk.envelope import Envelope

from chassis import error_tracking
from chassis.app import build_app
from chassis.environment import Service
from chassis.features import FeatureSettings

SECRET = "hunter2-hunter2"  # noqa: S105  # what must not be reported
DSN = "https://key@errors.example.com/1"
router = APIRouter()


class Kept(sentry_sdk.Transport):
    """Keeps what would be sent."""

    events: list[dict[str, Any]]

    def __init__(self, options: dict[str, Any]) -> None:
        super().__init__(options)
        Kept.events = []

    def capture_envelope(self, envelope: Envelope) -> None:
        if (event := envelope.get_event()) is not None:
            Kept.events.append({**event})


@router.post("/broken/{number}")
async def broken(number: int, request: Request) -> None:
    body = await request.body()
    raise RuntimeError(number + len(body))


@pytest.fixture(autouse=True)
def unused() -> Iterator[None]:
    yield
    sentry_sdk.get_client().close()
    sentry_sdk.get_global_scope().set_client(None)


@pytest.fixture
def app() -> FastAPI:
    error_tracking.start(DSN, Service("garden", "1.2.3", "staging"), Kept)
    return build_app("Garden", [router], FeatureSettings())


async def report(app: FastAPI) -> dict[str, Any]:
    transport = ASGITransport(app)
    headers = {"X-Request-ID": "abc", "Authorization": SECRET, "Cookie": f"session={SECRET}"}
    async with AsyncClient(transport=transport, base_url="http://garden") as client:
        await client.post(
            "/broken/7", params={"token": SECRET}, json={"password": SECRET}, headers=headers
        )
    (event,) = Kept.events
    return event


async def test_an_unexpected_error_is_reported_once(app: FastAPI) -> None:
    event = await report(app)

    assert event["exception"]["values"][-1]["type"] == "RuntimeError"
    assert (event["release"], event["environment"]) == ("garden@1.2.3", "staging")
    assert event["tags"]["request_id"] == "abc"


async def test_nothing_that_people_sent_is_reported(app: FastAPI) -> None:
    event = await report(app)

    assert SECRET not in str(event)
    assert event["request"] == {"method": "POST"}
    assert "user" not in event


async def test_work_without_a_request_is_reported_too(app: FastAPI) -> None:
    sentry_sdk.capture_message("from a job")

    (event,) = Kept.events
    assert event["message"] == "from a job"
    assert "request_id" not in event.get("tags", {})
    assert app.state.service


@pytest.mark.parametrize("dsn", [None, ""])
def test_without_an_address_it_is_off(monkeypatch: pytest.MonkeyPatch, dsn: str | None) -> None:
    if dsn is not None:
        monkeypatch.setenv("SENTRY_DSN", dsn)

    build_app("Garden", [], FeatureSettings())

    assert not sentry_sdk.get_client().is_active()


async def test_with_an_address_it_is_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRY_DSN", DSN)

    app = build_app("Garden", [], FeatureSettings())
    async with app.router.lifespan_context(app):
        client = sentry_sdk.get_client()

    assert client.is_active()
    assert client.options["dsn"] == DSN
    assert client.options["trace_propagation_targets"] == [], "nobody who is called hears of it"


def test_the_address_is_not_shown() -> None:
    assert "key@" not in repr(FeatureSettings(sentry_dsn=DSN))
