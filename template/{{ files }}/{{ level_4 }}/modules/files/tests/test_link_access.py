"""A part needs the signature of its link and no token; everything else about files needs a token."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.app import build_app
from chassis.features import FeatureSettings
from chassis.identity import Principal
from chassis_files.direct.own import PARTS
from chassis_files.direct.port import Part


@pytest.fixture
def app() -> FastAPI:
    return build_app("Shop", [], FeatureSettings())


async def test_only_parts_are_let_in_without_a_token(
    app: FastAPI, client: AsyncClient, ask_as: Callable[[Principal | None], None]
) -> None:
    ask_as(None)
    part = Part("00000000-0000-0000-0000-000000000007", 3, "00" * 32, "text/plain")
    link = app.state.direct.link(part)

    sent = await client.put(link.url, content=b"abc", headers=dict(link.headers))

    assert sent.status_code == 400  # another content than was signed
    assert (await client.put(f"{link.url}0", content=b"abc")).status_code in {403, 422}
    assert (await client.put(PARTS)).status_code == 422
    assert (await client.post("/api/v1/direct-uploads", json={})).status_code == 401
    assert (await client.get("/api/v1/files")).status_code == 401
