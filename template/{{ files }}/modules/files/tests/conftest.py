"""A business API with files, whose data service is in memory."""

import subprocess
import time
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from obstore.store import MemoryStore

from chassis import body_limit, methods, problems
from chassis.app import assemble
from chassis.features import FeatureSettings
from chassis_files import file_api
from chassis_files.file_api.routes import stored_files
from chassis_files.storage import ObjectStorage
from chassis_files.testing.kept import KeptFiles
from chassis_files.testing.seaweedfs import Seaweedfs, installed, seaweedfs


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweedfs]:
    """A real server that speaks S3, where one is installed."""
    store = seaweedfs(installed() or "", tmp_path_factory.mktemp("seaweedfs"))
    with (
        (store.folder / "log").open("wb") as log,
        subprocess.Popen(  # noqa: S603  # the program that was found
            store.command(), env=store.environment(), stdout=log, stderr=log
        ) as process,
    ):
        try:
            end = time.monotonic() + 60
            while not store.ready():
                assert process.poll() is None
                assert time.monotonic() < end
                time.sleep(0.05)
            yield store
        finally:
            process.kill()
    store.tidy()


@pytest.fixture
def stored() -> KeptFiles:
    return KeptFiles()


@pytest.fixture
def storage() -> ObjectStorage:
    return ObjectStorage(MemoryStore())


@pytest.fixture
def settings() -> FeatureSettings:
    return FeatureSettings(files_max_bytes=100_000)


@pytest.fixture
def app(stored: KeptFiles, storage: ObjectStorage, settings: FeatureSettings) -> FastAPI:
    app = assemble("Shop", [], settings, [problems, methods, file_api, body_limit])
    app.state.storage = storage
    app.dependency_overrides[stored_files] = lambda: stored
    return app
