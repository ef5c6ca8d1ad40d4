"""Calls to services that are slow, failing or gone, over real connections."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from fastapi import FastAPI
from httpx2 import AsyncClient
from prometheus_client.parser import text_string_to_metric_families

from chassis import http_client
from chassis.app import build_app
from chassis.deadlines import HEADER, within
from chassis.features import FeatureSettings
from chassis.http_client import HttpClient, Reply
from chassis.problems import OutcomeUnknown, Overloaded, Unavailable
from chassis.resilience import Breaker, Guarded, Guards, LeftAlone, Settings
from chassis.resilience import guards as guards_module

CALLS = 4


class Service:
    """A service that does what it is told, and notes how much time it was given."""

    def __init__(self) -> None:
        self.status = 200
        self.body = "[]"
        self.delay = 0.0
        self.times: list[str | None] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.times.append(request.headers.get(HEADER))
        await asyncio.sleep(self.delay)
        return web.Response(status=self.status, text=self.body)


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
async def url(service: Service) -> AsyncIterator[str]:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", service.answer)
    async with TestServer(application) as server:
        yield str(server.make_url("/things"))


@pytest.fixture
def guards() -> Guards:
    return Guards(
        Settings(breaker_calls=CALLS, breaker_pause=0.1, bulkhead_calls=2, bulkhead_patience=0.2),
    )


@pytest.fixture
async def http(guards: Guards) -> AsyncIterator[HttpClient]:
    client = HttpClient(http_client.Settings(http_timeout=2, http_attempts=1))
    client.interceptors.append(guards)
    yield client
    await client.close()


async def fail(http: HttpClient, url: str, service: Service, times: int = CALLS) -> None:
    """Have calls fail."""
    service.status = 502
    for _ in range(times):
        await http.get(url)


class TestBreaker:
    async def test_a_service_that_keeps_failing_is_left_alone(
        self, http: HttpClient, service: Service, url: str
    ) -> None:
        await fail(http, url, service)

        with pytest.raises(Unavailable, match="keeps failing"):
            await http.get(url)
        with pytest.raises(Unavailable, match="keeps failing"):
            await http.post(url, json_body=b"{}")
        assert len(service.times) == CALLS

    async def test_it_is_tried_again_after_a_while(
        self, http: HttpClient, service: Service, url: str
    ) -> None:
        await fail(http, url, service)
        await asyncio.sleep(0.11)
        assert (await http.get(url)).status == 502  # tried, and still ill
        with pytest.raises(Unavailable, match="keeps failing"):
            await http.get(url)
        service.status = 200
        await asyncio.sleep(0.11)

        assert (await http.get(url)).status == 200
        assert (await http.get(url)).status == 200

    async def test_only_one_call_tries(self, http: HttpClient, service: Service, url: str) -> None:
        await fail(http, url, service)
        await asyncio.sleep(0.11)
        service.status, service.delay = 200, 0.05

        tries = await asyncio.gather(http.get(url), http.get(url), return_exceptions=True)

        assert [type(one) for one in tries] == [Reply, LeftAlone]

    async def test_a_service_that_is_gone_is_left_alone(self, http: HttpClient) -> None:
        nowhere = f"http://127.0.0.1:{unused_port()}/things"
        for _ in range(CALLS):
            with pytest.raises(Unavailable, match="does not answer"):
                await http.get(nowhere)

        with pytest.raises(Unavailable, match="keeps failing"):
            await http.get(nowhere)

    async def test_others_are_called_as_before(
        self, http: HttpClient, service: Service, url: str
    ) -> None:
        nowhere = f"http://127.0.0.1:{unused_port()}/things"
        for _ in range(CALLS + 1):
            with pytest.raises(Unavailable):
                await http.get(nowhere)

        assert (await http.get(url)).status == 200

    @pytest.mark.parametrize("status", [400, 404, 409, 422, 429, 500])
    async def test_a_refusal_is_no_illness(
        self, http: HttpClient, service: Service, url: str, status: int
    ) -> None:
        service.status = status
        for _ in range(3 * CALLS):
            assert (await http.get(url)).status == status

    async def test_too_much_to_do_is_no_illness(
        self, http: HttpClient, service: Service, url: str
    ) -> None:
        service.status, service.body = 503, '{"type": "urn:problem:overloaded"}'
        for _ in range(3 * CALLS):
            assert (await http.get(url)).overload

    async def test_a_short_deadline_is_no_illness(
        self, http: HttpClient, service: Service, url: str
    ) -> None:
        service.delay = 0.1
        for _ in range(3 * CALLS):
            async with asyncio.timeout(5):
                with pytest.raises((Unavailable, TimeoutError)):
                    async with within(0.005):
                        await http.get(url)
        service.delay = 0

        assert (await http.get(url)).status == 200

    def test_the_last_calls_count(self) -> None:
        breaker = Breaker(calls=4, share=0.5, pause=1)
        for failed in (True, False, False, False, False, True, False, False, False, True, False):
            breaker.settle(trying=breaker.admit(), failed=failed)
            assert not breaker.is_open
        breaker.settle(trying=breaker.admit(), failed=True)

        assert breaker.is_open

    def test_it_says_what_it_would_do_and_counts_nothing(self) -> None:
        now = [0.0]
        breaker = Breaker(calls=1, share=1, pause=1, clock=lambda: now[0])
        assert not breaker.refuses
        breaker.settle(trying=breaker.admit(), failed=True)
        assert breaker.refuses
        now[0] = 2
        assert not breaker.refuses
        breaker.admit()

        assert breaker.refuses, "one tries"
        assert breaker.refused == 0

    def test_a_call_from_before_does_not_close_it(self) -> None:
        now = [0.0]
        breaker = Breaker(calls=1, share=1, pause=1, clock=lambda: now[0])
        early = breaker.admit()
        breaker.settle(trying=breaker.admit(), failed=True)
        now[0] = 2
        trying = breaker.admit()

        breaker.settle(trying=early, failed=False)
        assert breaker.is_open
        breaker.settle(trying=trying, failed=None)  # cancelled: the next one tries
        breaker.settle(trying=breaker.admit(), failed=False)
        assert not breaker.is_open


class TestBulkhead:
    async def test_a_slow_service_takes_its_share_only(
        self, http: HttpClient, service: Service, url: str
    ) -> None:
        service.delay = 0.5
        calls = [asyncio.create_task(http.get(url)) for _ in range(3)]

        done = await asyncio.gather(*calls, return_exceptions=True)

        assert [type(one) for one in done] == [Reply, Reply, Overloaded]
        assert len(service.times) == 2

    async def test_a_place_that_becomes_free_is_taken(
        self, http: HttpClient, service: Service, url: str
    ) -> None:
        service.delay = 0.02

        done = await asyncio.gather(*(http.get(url) for _ in range(4)))

        assert [one.status for one in done] == [200] * 4


class TestDeadline:
    async def test_a_service_learns_how_much_time_there_is(
        self, http: HttpClient, service: Service, url: str
    ) -> None:
        await http.get(url)
        async with within(1):
            await http.get(url, headers={"Accept": "application/json"})
            await http.post(url, json_body=b"{}")

        assert service.times[0] is None
        assert all(0 < int(told or 0) <= 1000 for told in service.times[1:])

    async def test_a_read_ends_in_time(
        self, http: HttpClient, service: Service, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(guards_module, "time_left", lambda: 0.05)
        service.delay = 1
        with pytest.raises(Unavailable, match="no time left"):
            await http.get(url)

    async def test_nobody_knows_what_became_of_a_late_write(
        self, http: HttpClient, service: Service, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(guards_module, "time_left", lambda: 0.05)
        service.delay = 1
        with pytest.raises(OutcomeUnknown, match="did not confirm in time"):
            await http.post(url, json_body=b"{}")

    async def test_nothing_is_sent_when_it_is_over(
        self, http: HttpClient, service: Service, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(guards_module, "time_left", lambda: 0.0)
        with pytest.raises(Unavailable, match="no time left"):
            await http.post(url, json_body=b"{}")

        assert service.times == []


def test_services_of_long_ago_are_forgotten(guards: Guards) -> None:
    for number in range(150):
        guards.before(f"service{number}")

    known = [service for service, _ in guards]
    assert len(known) == 100
    assert "service0" not in known


@pytest.fixture
def app() -> FastAPI:
    return build_app("Garden", [], FeatureSettings(breaker_calls=CALLS, http_attempts=1))


async def test_the_guards_are_told(
    app: FastAPI, client: AsyncClient, service: Service, url: str
) -> None:
    await fail(app.state.http, url, service)
    with pytest.raises(Unavailable):
        await app.state.http.get(url)

    text = (await client.get("/metrics", headers={"Accept": "text/plain"})).text
    told = {
        (sample.name, sample.labels.get("reason")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.labels.get("server_address") == url.split("/")[2]
    }

    assert told["http_client_breaker_open", None] == 1
    assert told["http_client_refused_total", "breaker"] == 1
    assert told["http_client_refused_total", "bulkhead"] == 0


@pytest.mark.parametrize("fault", [500, ConnectionError("gone")])
async def test_somebody_outside_who_keeps_failing_is_left_alone(fault: int | Exception) -> None:
    answers: list[int | Exception] = [fault] * CALLS
    asked = 0

    async def call(path: str) -> int:
        nonlocal asked
        asked += 1
        answer = answers.pop(0) if answers else 200
        if isinstance(answer, Exception):
            raise answer
        return answer

    breaker = Breaker(CALLS, 0.5, 0.05)
    outside = Guarded(call, breaker, (ConnectionError,), lambda status: status >= 500)
    for _ in range(CALLS):
        with suppress(ConnectionError):
            await outside("/")
    with pytest.raises(LeftAlone):  # and nothing is sent
        await outside("/")

    assert (asked, breaker.is_open, breaker.refused) == (CALLS, True, 1)
    await asyncio.sleep(0.06)
    assert await outside("/") == 200
    assert not breaker.is_open


async def test_what_somebody_outside_refuses_says_nothing_against_them() -> None:
    async def call() -> int:
        raise ValueError("no")

    breaker = Breaker(1, 0.5, 5)
    outside = Guarded(call, breaker, (ConnectionError,))
    for _ in range(3):
        with pytest.raises(ValueError, match="no"):
            await outside()
    assert not breaker.is_open
