"""Calls from pages of other origins."""

import pytest
from fastapi import APIRouter
from httpx2 import ASGITransport, AsyncClient, Response
from pydantic import ValidationError

from chassis.app import build_app
from chassis.features import FeatureSettings

HOME = "https://app.example.com"
ELSEWHERE = "https://evil.example"

router = APIRouter()


@router.post("/plants")
async def plant() -> str:
    return "basil"


async def call(settings: FeatureSettings, method: str, origin: str, path: str = "") -> Response:
    """Call as a browser does for a page of an origin."""
    app = build_app("Garden", [router], settings)
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    async with AsyncClient(transport=ASGITransport(app), base_url="http://garden") as client:
        return await client.request(method, f"/plants{path}", headers=headers)


def allowed(answer: Response) -> dict[str, str]:
    """Give what an answer allows to browsers."""
    prefix = "access-control-"
    return {
        name.removeprefix(prefix): value
        for name, value in answer.headers.items()
        if name.startswith(prefix)
    }


@pytest.mark.parametrize("method", ["OPTIONS", "POST"])
async def test_it_is_off_by_default(method: str) -> None:
    assert allowed(await call(FeatureSettings(), method, HOME)) == {}


async def test_origins_in_the_list_may_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORS_ORIGINS", f"https://other.example, {HOME}")
    monkeypatch.setenv("CORS_EXPOSED_HEADERS", "X-Total")

    asked = await call(FeatureSettings(), "OPTIONS", HOME)
    called = await call(FeatureSettings(), "POST", HOME)

    assert asked.status_code == called.status_code == 200
    assert allowed(asked)["allow-origin"] == allowed(called)["allow-origin"] == HOME
    assert "PATCH" in allowed(asked)["allow-methods"]
    assert {"ETag", "Location", "X-Total"} <= set(allowed(called)["expose-headers"].split(", "))
    assert "allow-credentials" not in allowed(called)
    assert called.headers["vary"] == "Origin"


@pytest.mark.parametrize(
    "origin", [ELSEWHERE, f"{HOME}.evil.example", "null", "http://app.example.com", f"{HOME}:8443"]
)
async def test_others_may_not(origin: str) -> None:
    settings = FeatureSettings(cors_origins=[HOME], cors_credentials=True)

    for method in ("OPTIONS", "POST"):
        assert "allow-origin" not in allowed(await call(settings, method, origin))


async def test_errors_can_be_read_too() -> None:
    answer = await call(FeatureSettings(cors_origins=[HOME]), "POST", HOME, "/none")

    assert answer.status_code == 404
    assert allowed(answer)["allow-origin"] == HOME


async def test_credentials_go_to_named_origins_only() -> None:
    settings = FeatureSettings(cors_origins=[HOME], cors_credentials=True)
    assert allowed(await call(settings, "POST", HOME))["allow-credentials"] == "true"

    with pytest.raises(ValidationError, match="needs origins by name"):
        FeatureSettings(cors_origins=["*"], cors_credentials=True)


@pytest.mark.parametrize(
    "origin", ["app.example.com", f"{HOME}/", f"{HOME}/path", "https://*.example.com", "https://"]
)
def test_what_is_no_origin_is_refused(origin: str) -> None:
    with pytest.raises(ValidationError, match="must look like"):
        FeatureSettings(cors_origins=[origin])
