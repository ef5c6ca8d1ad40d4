"""Whether a service is ready tells about the store of files, and nothing else does."""

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.app import build_app
from chassis.features import FeatureSettings
from chassis.problems import Unavailable
from chassis_files.storage import ObjectStorage

AWAY = "The store of files is away."


@pytest.fixture
def app() -> FastAPI:
    return build_app("Shop", [], FeatureSettings())


async def test_without_its_files_a_service_is_ready_and_degraded(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "files" not in (await client.get("/ready")).text

    async def away(_storage: ObjectStorage) -> None:
        raise Unavailable(AWAY)

    monkeypatch.setattr(ObjectStorage, "ping", away)
    answer = await client.get("/ready")

    assert answer.status_code == 200
    assert answer.json()["degraded"]["files"] == AWAY
    assert (await client.get("/health")).status_code == 200
