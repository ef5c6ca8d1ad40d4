"""Putting an application together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from fastapi import APIRouter, FastAPI
from httpx2 import ASGITransport, AsyncClient

from chassis.app import assemble, build_app
from chassis.feature import no_lifespan
from chassis.features import FeatureSettings
from chassis.problems import responses

router = APIRouter()


class OutOfStock(Exception):  # noqa: N818  # a domain's own word
    pass


@router.get("/chairs")
async def chairs() -> list[str]:
    return ["oak"]


@router.get("/tables", responses=responses(409))
async def tables() -> None:
    raise OutOfStock("no tables left")


class Named:
    """A feature that writes down what happens to it."""

    def __init__(self, name: str, happened: list[str]) -> None:
        self.name = name
        self.happened = happened

    def install(self, _app: FastAPI, _settings: FeatureSettings) -> None:
        self.happened.append(f"install {self.name}")

    @asynccontextmanager
    async def lifespan(self, _app: FastAPI, _settings: FeatureSettings) -> AsyncIterator[None]:
        self.happened.append(f"start {self.name}")
        yield
        self.happened.append(f"stop {self.name}")


@pytest.fixture
def app() -> FastAPI:
    return build_app("Furniture", [router], FeatureSettings(), {OutOfStock: 409})


async def test_a_service_answers_on_its_routers(client: AsyncClient) -> None:
    answer = await client.get("/chairs")

    assert (answer.status_code, answer.json()) == (200, ["oak"])


async def test_an_error_of_the_service_gets_its_status(client: AsyncClient) -> None:
    answer = await client.get("/tables")

    assert answer.status_code == 409
    assert answer.json()["detail"] == "no tables left"


def test_title_and_settings_are_those_that_were_given() -> None:
    settings = FeatureSettings(max_body_bytes=5)

    app = build_app("Furniture", [], settings)

    assert app.title == "Furniture"
    assert app.state.settings is settings


class Signposted:
    """A feature with a route that the service has, too."""

    def install(self, app: FastAPI, _settings: FeatureSettings) -> None:
        app.add_api_route("/chairs", lambda: "in the attic")

    lifespan = staticmethod(no_lifespan)


async def test_a_route_of_the_service_counts_more_than_one_of_a_feature() -> None:
    app = assemble("Furniture", [router], FeatureSettings(), [Signposted()])
    transport = ASGITransport(app)

    async with AsyncClient(transport=transport, base_url="http://furniture") as client:
        assert (await client.get("/chairs")).json() == ["oak"]


async def test_features_stop_in_reverse_order() -> None:
    happened: list[str] = []
    features = [Named("a", happened), Named("b", happened)]

    app = assemble("Furniture", [], FeatureSettings(), features)
    async with app.router.lifespan_context(app):
        happened.append("run")

    assert happened == [
        *("install a", "install b"),
        *("start a", "start b", "run", "stop b", "stop a"),
    ]


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "debug")
    monkeypatch.setenv("MAX_BODY_BYTES", "12")

    settings = FeatureSettings()

    assert (settings.log_level, settings.max_body_bytes) == ("DEBUG", 12)
