"""What the documentation says about idempotency keys."""

from typing import Annotated, Any

from fastapi import APIRouter, Header

from chassis.app import build_app
from chassis.features import FeatureSettings

router = APIRouter()


@router.post("/orders")
async def order() -> int:
    return 0


@router.post("/orders/{number}")
async def order_again(number: int) -> int:
    return number


@router.post("/payments")
async def pay(key: Annotated[str | None, Header(alias="idempotency-key")] = None) -> str | None:
    return key


@router.get("/orders")
async def orders() -> list[int]:
    return []


def parameters(operation: dict[str, Any]) -> list[str]:
    return [parameter["name"] for parameter in operation.get("parameters", [])]


def test_every_post_takes_a_key() -> None:
    app = build_app("Shop", [router], FeatureSettings())

    first, again = app.openapi(), app.openapi()

    assert first is again
    paths = first["paths"]
    assert parameters(paths["/orders"]["post"]).count("Idempotency-Key") == 1
    assert "Idempotency-Key" in parameters(paths["/orders/{number}"]["post"])
    assert "Idempotency-Key" not in parameters(paths["/orders"]["get"])
    assert parameters(paths["/payments"]["post"]) == ["idempotency-key"]
    posts = [methods["post"] for methods in paths.values() if "post" in methods]
    assert all("409" in post["responses"] for post in posts)
    assert "409" not in paths["/orders"]["get"]["responses"]
