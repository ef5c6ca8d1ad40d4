"""What ``/ready`` tells of activities."""

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI

from chassis.database.app import build_data_app
from chassis.database.features import DataSettings
from chassis_mongodb.telling.store import Backlog
from chassis_mongodb.telling_check import late


@pytest.fixture
def app() -> FastAPI:
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    return build_data_app("Books", [], DataSettings(database_url=nowhere))


@pytest.mark.parametrize(
    ("backlog", "told"),
    [
        pytest.param(Backlog(0, 0, 0), "", id="nothing"),
        pytest.param(Backlog(900, 0, 59.9), "", id="many, but new"),
        pytest.param(Backlog(1, 0, 61), "1 wait, the oldest for 61 s.", id="an old one"),
        pytest.param(Backlog(0, 2, 0), "2 are refused: make refused-activities.", id="refused"),
        pytest.param(
            Backlog(3, 1, 400.6),
            "3 wait, the oldest for 401 s. 1 are refused: make refused-activities.",
            id="both",
        ),
    ],
)
async def test_what_is_late_or_refused_degrades_a_service(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch, backlog: Backlog, told: str
) -> None:
    async def found() -> Any:
        return backlog

    monkeypatch.setattr(app.state.untold, "backlog", found)
    findings = await app.state.checks.findings()

    assert findings.optional == ({"activities": told} if told else {})
    assert "activities" not in findings.needed
    assert late(backlog) == told


async def test_a_database_that_is_away_is_told_by_its_own_check(app: FastAPI) -> None:
    findings = await app.state.checks.findings()

    assert "database" in findings.needed
    assert "activities" not in findings.optional


async def test_a_database_that_is_busy_is_not_waited_for(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never() -> Any:
        await asyncio.Event().wait()

    monkeypatch.setattr("chassis_mongodb.telling_check.PATIENCE_S", 0.01)
    monkeypatch.setattr(app.state.untold, "backlog", never)
    findings = await app.state.checks.findings()

    assert "activities" not in findings.optional
