"""One line a request, without anything that was sent."""

import gc
import logging
import weakref

import pytest
from fastapi import APIRouter, FastAPI
from httpx2 import ASGITransport, AsyncClient

from chassis.access_log import LOGGER
from chassis.app import build_app
from chassis.features import FeatureSettings

MARKER = "ada@example.com"

router = APIRouter(prefix="/people")
towns = APIRouter(prefix="/towns", include_in_schema=False)


@router.get("/{name}")
async def person(name: str) -> str:
    if name == "nobody":
        raise ValueError(name)
    return name


@router.put("/{name}")
async def renamed(name: str) -> None:
    pass


@towns.get("/{name}")
async def town(name: str) -> str:
    return name


@pytest.fixture
def app() -> FastAPI:
    twice = APIRouter(prefix="/v2")
    twice.include_router(towns, prefix="/north")
    twice.include_router(towns, prefix="/south")
    return build_app("Garden", [router, twice], FeatureSettings())


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Give the lines of the log without the time that a request took."""
    messages = [record.getMessage() for record in caplog.records if record.name == LOGGER]
    return [message.rsplit(" ", 2)[0] for message in messages]


@pytest.mark.parametrize(
    ("method", "path", "line"),
    [
        ("GET", f"/people/{MARKER}?email={MARKER}", "GET /people/{name} 200"),
        ("DELETE", f"/people/{MARKER}", "DELETE /people/{name} 405"),
        ("GET", f"/v2/north/towns/{MARKER}", "GET /v2/north/towns/{name} 200"),
        ("GET", f"/v2/south/towns/{MARKER}", "GET /v2/south/towns/{name} 200"),
        ("GET", f"/{MARKER}", "GET (no route) 404"),
        ("GET", f"/openapi.json?{MARKER}", "GET /openapi.json 200"),
    ],
)
async def test_a_request_is_told_by_its_route(
    client: AsyncClient, caplog: pytest.LogCaptureFixture, method: str, path: str, line: str
) -> None:
    caplog.set_level(logging.INFO)

    await client.request(method, path, headers={"X-Email": MARKER, "X-Forwarded-For": MARKER})

    assert lines(caplog) == [line]
    assert MARKER not in caplog.text


@pytest.mark.parametrize(
    ("method", "path", "line"),
    [
        ("PUT", f"/people/{MARKER}", "PUT /people/{name} 413"),
        ("POST", f"/people/{MARKER}", "POST /people/{name} 413"),
        ("POST", f"/v2/south/towns/{MARKER}", "POST /v2/south/towns/{name} 413"),
        ("POST", f"/{MARKER}", "POST (no route) 413"),
    ],
)
async def test_an_answer_that_comes_before_the_route_is_told_by_it_too(
    client: AsyncClient, caplog: pytest.LogCaptureFixture, method: str, path: str, line: str
) -> None:
    caplog.set_level(logging.INFO)

    await client.request(method, path, headers={"Content-Length": "999999999"})

    assert lines(caplog) == [line]
    assert MARKER not in caplog.text


async def test_an_application_that_is_gone_is_kept_by_nobody() -> None:
    app = build_app("Garden", [router], FeatureSettings())
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://garden") as client:
        await client.get("/people/ada")
    gone = weakref.ref(app)
    del app, client

    gc.collect()

    assert gone() is None


async def test_it_can_be_switched_off(caplog: pytest.LogCaptureFixture) -> None:
    app = build_app("Garden", [router], FeatureSettings(access_log=False))
    caplog.set_level(logging.INFO)

    async def receive() -> dict[str, object]:
        return {"type": "http.request"}

    async def send(_message: object) -> None:
        pass

    scope = {"type": "http", "method": "GET", "path": "/people/ada", "headers": []}
    await app({**scope, "query_string": b""}, receive, send)

    assert lines(caplog) == []


async def test_who_goes_away_is_told_too(app: FastAPI, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async def receive() -> dict[str, object]:
        return {"type": "http.disconnect"}

    async def send(_message: object) -> None:
        raise OSError

    scope = {"type": "http", "method": "GET", "path": "/people/ada", "headers": []}
    with pytest.raises(OSError):  # noqa: PT011  # as the server does it
        await app({**scope, "query_string": b""}, receive, send)

    assert lines(caplog) == ["GET /people/{name} 200"]
