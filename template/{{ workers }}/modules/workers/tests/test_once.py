"""Writes of a worker: their keys, and what a service that is away is told as."""

import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from chassis.http_client import Reply, Settings
from chassis.problems import OVERLOADED, OutcomeUnknown
from chassis_rabbitmq.consuming.failures import Refused, ServiceAway, ServiceBusy
from chassis_workers.once import HEADER, MessageHttp, on_behalf_of


class Service:
    """A service that notes the keys that it is sent."""

    def __init__(self) -> None:
        self.keys: list[tuple[str, str, str | None]] = []
        self.status = 200
        self.problem = b""
        self.breaks = False

    async def answer(self, request: web.Request) -> web.Response:
        self.keys.append((request.method, request.path, request.headers.get(HEADER)))
        if self.breaks:
            assert request.transport
            request.transport.abort()
        return web.Response(status=self.status, body=self.problem)


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
async def url(service: Service) -> AsyncIterator[str]:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", service.answer)
    async with TestServer(application) as server:
        yield str(server.make_url("/beds"))


@pytest.fixture
async def http() -> AsyncIterator[MessageHttp]:
    client = MessageHttp(Settings(http_attempts=1))
    yield client
    await client.close()


async def test_every_write_has_a_key_of_its_own(
    http: MessageHttp, service: Service, url: str
) -> None:
    with on_behalf_of("garden.water", "m1"):
        await http.get(url)
        await http.post(url)
        await http.post(url)
        await http.patch(f"{url}/1")
        await http.delete(f"{url}/1")
        await http.put(f"{url}/1")

    assert service.keys == [
        ("GET", "/beds", None),
        ("POST", "/beds", "garden.water/m1/1"),
        ("POST", "/beds", "garden.water/m1/2"),
        ("PATCH", "/beds/1", "garden.water/m1/1"),
        ("DELETE", "/beds/1", "garden.water/m1/1"),
        ("PUT", "/beds/1", None),  # sets, so that twice is once
    ]


async def test_the_keys_are_the_same_at_every_attempt(
    http: MessageHttp, service: Service, url: str
) -> None:
    for _ in range(2):
        with on_behalf_of("garden.water", "m1"):
            await http.post(url)

    assert service.keys[0] == service.keys[1]


async def test_a_write_for_no_message_has_no_key(
    http: MessageHttp, service: Service, url: str
) -> None:
    await http.post(url)

    assert service.keys == [("POST", "/beds", None)]


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
@pytest.mark.parametrize("status", [502, 503, 504])
async def test_a_service_that_cannot_just_now_is_away(
    http: MessageHttp, service: Service, url: str, method: str, status: int
) -> None:
    service.status = status

    with on_behalf_of("garden.water", "m1"), pytest.raises(ServiceAway, match=str(status)):
        await getattr(http, method)(url)


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
@pytest.mark.parametrize("status", [429, 503])
async def test_a_service_with_too_much_to_do_is_busy(
    http: MessageHttp, service: Service, url: str, method: str, status: int
) -> None:
    service.status = status
    service.problem = json.dumps({"type": OVERLOADED, "detail": "Too much."}).encode()

    with on_behalf_of("garden.water", "m1"), pytest.raises(ServiceBusy, match=str(status)):
        await getattr(http, method)(url)

    assert len(service.keys) == 1  # and is not asked again by the same attempt


@pytest.mark.parametrize("method", ["post", "patch", "delete"])
async def test_what_became_of_a_write_is_known_by_its_key_only(
    http: MessageHttp, service: Service, url: str, method: str
) -> None:
    service.breaks = True

    with on_behalf_of("garden.water", "m1"), pytest.raises(ServiceAway):
        await getattr(http, method)(url)
    with pytest.raises(OutcomeUnknown):  # nobody's write: to make it again could make it twice
        await getattr(http, method)(url)


async def test_a_put_on_nobodys_behalf_may_be_made_again(
    http: MessageHttp, service: Service, url: str
) -> None:
    service.breaks = True

    with pytest.raises(ServiceAway):
        await http.put(url)


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
async def test_a_service_that_does_not_answer_is_away(http: MessageHttp, method: str) -> None:
    with (
        on_behalf_of("garden.water", "m1"),
        pytest.raises(ServiceAway, match="does not answer"),
    ):
        await getattr(http, method)(f"http://127.0.0.1:{unused_port()}/beds")


@pytest.mark.parametrize("status", [200, 404, 409, 500])
async def test_any_other_answer_is_one(
    http: MessageHttp, service: Service, url: str, status: int
) -> None:
    service.status = status

    assert (await http.post(url)).status == status


@pytest.mark.parametrize("method", ["post", "patch", "delete"])
async def test_a_write_that_an_earlier_attempt_made_otherwise_is_refused(
    http: MessageHttp, service: Service, url: str, method: str
) -> None:
    service.status = 409
    errors = [{"field": HEADER, "detail": "Belongs to another write."}]
    service.problem = json.dumps({"detail": "Made otherwise.", "errors": errors}).encode()

    refused = pytest.raises(Refused, match=rf"^{method.upper()} {url}: Made otherwise\.$")
    with on_behalf_of("garden.water", "m1"), refused:
        await getattr(http, method)(url)


async def test_any_other_conflict_is_the_callers(
    http: MessageHttp, service: Service, url: str
) -> None:
    service.status = 409
    errors = [{"field": "size", "detail": "Too large."}]
    service.problem = json.dumps({"detail": "No.", "errors": errors}).encode()

    assert await http.post(url) == Reply(409, service.problem)
