"""What Prometheus is told of files."""

import datetime as dt
from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from prometheus_client import CollectorRegistry
from starlette.datastructures import State

from chassis.features import FeatureSettings
from chassis.problems import Unavailable
from chassis_files import inspection, inspection_metrics, upload_metrics
from chassis_files.files import FileState, NewFile
from chassis_files.inspection import Settings
from chassis_files.inspection.looking import LookAtFiles
from chassis_files.storage import ObjectStorage
from chassis_files.testing.kept import PNG, KeptFiles, pieces

FILES = "/api/v1/files"


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def counted(app: FastAPI, settings: FeatureSettings, registry: CollectorRegistry) -> FastAPI:
    app.state.metrics = SimpleNamespace(registry=registry)
    upload_metrics.install(app, settings)
    return app


@pytest.mark.usefixtures("counted")
async def test_uploads_are_counted_by_what_became_of_them(
    client: AsyncClient, stored: KeptFiles, registry: CollectorRegistry
) -> None:
    told = registry.get_sample_value
    await client.post(FILES, files={"file": ("a.png", PNG)})
    await client.post(FILES, files={"file": ("a.html", b"<html><script>")})
    stored.failure = Unavailable("It is away.")
    await client.post(FILES, files={"file": ("a.png", PNG)})

    found = {
        outcome: told("files_uploads_total", {"outcome": outcome})
        for outcome in ("uploaded", "refused", "failed", "broken_off")
    }
    assert found == {"uploaded": 1, "refused": 1, "failed": 1, "broken_off": 0}
    assert told("files_uploaded_bytes_total") == len(PNG)


class Slow:
    """Finds a virus in the second file."""

    def __init__(self) -> None:
        self.found = iter([None, "Eicar"])

    async def virus_in(self, _chunks: object) -> str | None:
        return next(self.found)


async def test_what_files_come_to_and_how_long_they_wait(
    stored: KeptFiles, storage: ObjectStorage, registry: CollectorRegistry
) -> None:
    host = SimpleNamespace(state=State({"metrics": SimpleNamespace(registry=registry)}))
    inspection.install(host, Settings())
    inspection_metrics.install(host, Settings())
    told = registry.get_sample_value
    look = LookAtFiles(stored, storage, Settings(), Slow(), host.state.file_watchers)  # type: ignore[arg-type]
    long_ago = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    for _ in range(2):
        file = await stored.add(NewFile(name="a"))
        await storage.put(str(file.id), pieces(b"words"))
        there = FileState(state="uploaded", content_type="text/plain", size=5, sha256="0" * 64)
        await stored.set_state(file.id, there)
        stored.files[file.id] = stored.files[file.id].model_copy(update={"updated_at": long_ago})
    assert told("files_oldest_waiting_seconds") == 0

    assert await look() == 2

    assert told("files_oldest_waiting_seconds") == pytest.approx(3600, abs=60)
    assert told("files_decided_total", {"state": "clean"}) == 1
    assert told("files_decided_total", {"state": "rejected"}) == 1
    assert told("files_look_duration_seconds_count") == 2
    assert told("files_scan_duration_seconds_count") == 2
    await look()
    assert told("files_oldest_waiting_seconds") == 0


@pytest.mark.usefixtures("counted")
async def test_what_the_store_cannot_do_is_counted(
    app: FastAPI, registry: CollectorRegistry
) -> None:
    for observe in app.state.storage.failure_observers:
        observe("put")

    told = registry.get_sample_value
    assert told("files_storage_failures_total", {"operation": "put"}) == 1
    assert told("files_storage_failures_total", {"operation": "read"}) == 0
