"""A file may take longer than other requests."""

import pytest
from fastapi import FastAPI

from chassis import deadlines
from chassis.app import assemble
from chassis.features import FeatureSettings
from chassis_files import patience
from chassis_files.direct.own import PARTS
from chassis_files.direct.routes import DIRECT
from chassis_files.file_api.delivery import PREFIX


@pytest.fixture
def app() -> FastAPI:
    return assemble("Shop", [], FeatureSettings(), [patience, deadlines])


@pytest.mark.parametrize(
    ("path", "longer"),
    [
        (PREFIX, True),
        (PARTS, True),
        (f"{PREFIX}/7/content", True),
        (f"{DIRECT}/7/completion", True),
        (f"{DIRECT}/7", False),
        (f"{PREFIX}/7", False),
        ("/api/v1", False),
    ],
)
def test_only_what_sends_files_takes_longer(app: FastAPI, path: str, *, longer: bool) -> None:
    known = [pattern for pattern, _ in app.state.longer_requests]

    assert any(pattern.match(path) for pattern in known) is longer
