"""A request is worked on for so long."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.responses import StreamingResponse
from httpx2 import AsyncClient

from chassis.app import assemble
from chassis.deadlines import HEADER, allow_longer, received, time_left, within
from chassis.effects import take_note
from chassis.features import FEATURES, FeatureSettings

router = APIRouter()
LONG_S = 5


@router.get("/quick")
async def quick() -> float | None:
    return time_left()


@router.api_route("/slow", methods=["GET", "POST"])
async def slow(*, changed: bool = False) -> None:
    if changed:
        take_note()
    await asyncio.sleep(LONG_S)


@router.get("/streamed")
async def streamed() -> StreamingResponse:
    async def parts() -> AsyncIterator[str]:
        yield "begun"
        await asyncio.sleep(LONG_S)

    return StreamingResponse(parts())


@pytest.fixture
def app() -> FastAPI:
    settings = FeatureSettings(request_time=0.05)
    return assemble("Garden", [router], settings, FEATURES)


async def test_a_request_knows_what_is_left(client: AsyncClient) -> None:
    left = (await client.get("/quick")).json()

    assert 0 < left <= 0.05


async def test_what_takes_too_long_is_refused(client: AsyncClient) -> None:
    answer = await client.get("/slow")

    assert answer.status_code == 503
    assert answer.json()["detail"] == "This took too long."


async def test_a_path_may_take_longer(app: FastAPI, client: AsyncClient) -> None:
    allow_longer(app, "/{kind}", 60)

    assert 50 < (await client.get("/quick")).json() <= 60


@pytest.mark.parametrize(("method", "changed"), [("POST", False), ("GET", True)])
async def test_nobody_knows_whether_a_late_write_was_done(
    client: AsyncClient, method: str, *, changed: bool
) -> None:
    answer = await client.request(method, "/slow", params={"changed": changed})

    assert answer.status_code == 504
    assert answer.json()["type"] == "urn:problem:outcome-unknown"
    assert "retry-after" not in answer.headers


async def test_half_an_answer_breaks(client: AsyncClient) -> None:
    with pytest.raises(TimeoutError):
        await client.get("/streamed")


async def test_clients_have_no_say_in_it(client: AsyncClient) -> None:
    left = (await client.get("/quick", headers={HEADER: "1000000"})).json()

    assert left <= 0.05


class TestReceived:
    """A service that is not public."""

    @pytest.fixture
    def app(self) -> FastAPI:
        return assemble("Data", [router], FeatureSettings(), [received])

    async def test_it_works_as_long_as_the_caller_waits(self, client: AsyncClient) -> None:
        assert (await client.get("/slow", headers={HEADER: "30"})).status_code == 503
        assert (await client.post("/slow", headers={HEADER: "30"})).status_code == 504
        assert 10 < (await client.get("/quick", headers={HEADER: "20000"})).json() <= 20

    @pytest.mark.parametrize("said", ["", "-5", "1.5", "soon", "9" * 30])
    async def test_what_is_no_time_is_none(self, client: AsyncClient, said: str) -> None:
        assert (await client.get("/quick", headers={HEADER: said})).json() is None

    async def test_without_a_deadline_there_is_no_end(self, client: AsyncClient) -> None:
        assert (await client.get("/quick")).json() is None


async def test_the_shorter_time_counts() -> None:
    async with within(10):
        async with within(100):
            left = time_left()
            assert left is not None
            assert left <= 10
        with pytest.raises(TimeoutError):
            async with within(0.01):
                await asyncio.sleep(LONG_S)
        left = time_left()
        assert left is not None
        assert left > 5
