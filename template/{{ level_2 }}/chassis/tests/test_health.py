"""Whether a service lives, and whether it can do its work."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient

from chassis import health, http_client, problems
from chassis.access_log import LOGGER
from chassis.app import assemble, build_app
from chassis.database.app import build_data_app
from chassis.database.features import DataSettings
from chassis.features import FeatureSettings
from chassis.health import Check, Checks
from chassis.health.access_log import WithoutProbes, leave_out
from chassis.problems import Unavailable

NOBODY = "http://127.0.0.1:1"


class Settings(FeatureSettings):
    data_api_url: str = NOBODY


def garden(settings: FeatureSettings) -> FastAPI:
    """A service without the features that have checks of their own."""
    return assemble("Garden", [], settings, [problems, http_client, health])


@pytest.fixture
def app() -> FastAPI:
    return garden(FeatureSettings(ready_timeout=0.2))


@pytest.fixture
def checks(app: FastAPI) -> Checks:
    found: Checks = app.state.checks
    return found


async def works() -> None:
    pass


async def broken() -> None:
    raise LookupError("SELECT")


async def unavailable() -> None:
    raise Unavailable("The shed is closed.")


async def hangs() -> None:
    await asyncio.sleep(60)


async def times_out() -> None:
    raise TimeoutError


async def test_a_service_that_lives_says_so(client: AsyncClient, checks: Checks) -> None:
    checks.add("shed", broken)

    answer = await client.get("/health")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_a_service_that_needs_nothing_is_ready(client: AsyncClient) -> None:
    answer = await client.get("/ready")

    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("check", "reason"),
    [
        (broken, "Does not work."),
        (unavailable, "The shed is closed."),
        (times_out, "Does not answer in time."),
    ],
)
async def test_the_problem_names_what_fails(
    client: AsyncClient, checks: Checks, check: object, reason: str
) -> None:
    checks.add("house", works)
    checks.add("shed", check)  # type: ignore[arg-type]

    answer = await client.get("/ready")

    problem = answer.json()
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert (problem["type"], problem["instance"]) == ("urn:problem:unavailable", "/ready")
    assert problem["detail"] == "Not ready: shed."
    assert problem["errors"] == [{"field": "shed", "detail": reason}]
    assert "SELECT" not in answer.text


async def test_what_a_service_can_do_without_only_degrades_it(
    client: AsyncClient, checks: Checks, caplog: pytest.LogCaptureFixture
) -> None:
    checks.add("radio", unavailable, optional=True)

    degraded = await client.get("/ready")
    checks.add("shed", broken)
    failing = await client.get("/ready")

    reason = "The shed is closed."
    assert (degraded.status_code, degraded.headers["cache-control"]) == (200, "no-store")
    assert degraded.json() == {"status": "degraded", "degraded": {"radio": reason}}
    assert failing.json()["detail"] == "Not ready: shed."
    assert {"field": "radio", "detail": reason} in failing.json()["errors"]
    assert f"Degraded: radio: {reason}" in caplog.messages


async def test_a_check_that_is_added_anew_is_needed(client: AsyncClient, checks: Checks) -> None:
    checks.add("radio", unavailable, optional=True)
    checks.add("radio", unavailable)

    assert (await client.get("/ready")).status_code == 503


@pytest.mark.parametrize("check", [hangs, times_out, broken])
async def test_however_an_optional_part_fails(
    client: AsyncClient, checks: Checks, check: Check
) -> None:
    checks.add("radio", check, optional=True)

    answer = await client.get("/ready")

    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")


async def test_a_check_that_hangs_is_not_waited_for(client: AsyncClient, checks: Checks) -> None:
    checks.add("shed", hangs)
    started = time.monotonic()

    answer = await client.get("/ready")

    assert answer.json()["errors"] == [{"field": "shed", "detail": "Does not answer in time."}]
    assert time.monotonic() - started < 5


async def test_a_check_that_cannot_be_interrupted_is_not_waited_for() -> None:
    released = asyncio.Event()

    async def stubborn() -> None:
        try:
            await released.wait()
        except asyncio.CancelledError:
            await released.wait()
            raise LookupError from None

    checks = Checks(0.01)
    checks.add("shed", stubborn)

    assert (await checks.findings()).needed == {"shed": "Does not answer in time."}
    released.set()
    await checks.close()


async def test_only_changes_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    closed = True

    async def sometimes() -> None:
        if closed:
            await unavailable()

    checks = Checks(1)
    checks.add("shed", sometimes)
    for _ in range(3):
        await checks.findings()
    closed = False
    for _ in range(3):
        await checks.findings()

    assert caplog.messages == ["Not ready: shed: The shed is closed.", "Ready again: shed"]


async def test_probes_are_not_part_of_the_documented_api(app: FastAPI) -> None:
    assert app.openapi()["paths"] == {}


@pytest.fixture
async def data_api() -> AsyncIterator[tuple[str, list[int]]]:
    statuses = [200]

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=statuses[0])

    application = web.Application()
    application.router.add_get("/ready", answer)
    async with TestServer(application) as server:
        yield str(server.make_url("/")), statuses


@pytest.mark.parametrize("status", [200, 503])
async def test_a_service_that_is_needed_has_to_be_ready(
    data_api: tuple[str, list[int]], status: int
) -> None:
    address, statuses = data_api
    statuses[0] = status
    app = garden(Settings(data_api_url=address))

    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url="http://garden") as client,
    ):
        answer = await client.get("/ready")

    assert answer.status_code == status
    if status == 503:
        assert answer.json()["errors"] == [{"field": "data_api", "detail": "Is not ready."}]


async def test_a_service_that_is_away_is_named() -> None:
    app = garden(Settings())

    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url="http://garden") as client,
    ):
        answer = await client.get("/ready")

    assert [error["field"] for error in answer.json()["errors"]] == ["data_api"]


async def test_a_database_that_is_away_is_named() -> None:
    settings = DataSettings(database_url="postgresql://nobody@127.0.0.1:1/nothing")
    app = build_data_app("Data", [], settings)

    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url="http://data") as client,
    ):
        answer = await client.get("/ready")

    named = [{"field": "database", "detail": "The database does not answer."}]
    assert (answer.status_code, answer.json()["errors"]) == (503, named)


@pytest.mark.parametrize(
    ("route", "written"),
    [("/health", False), ("/ready", False), ("/api/v1/tasks", True), ("/healthy", True)],
)
def test_probes_are_not_in_the_access_log(route: str, *, written: bool) -> None:
    leave_out("/health", "/ready")
    arguments = ("GET", route, 200, 1)
    record = logging.LogRecord(LOGGER, 20, "", 0, "%s %s %d %d ms", arguments, None)

    assert WithoutProbes().filter(record) is written


def test_other_records_are_written_and_the_filter_is_there_once() -> None:
    build_app("Garden", [], FeatureSettings())
    build_app("Garden", [], FeatureSettings())

    filters = logging.getLogger(LOGGER).filters
    assert len([known for known in filters if isinstance(known, WithoutProbes)]) == 1
    record = logging.LogRecord(LOGGER, 20, "", 0, "started", None, None)
    assert WithoutProbes().filter(record)
