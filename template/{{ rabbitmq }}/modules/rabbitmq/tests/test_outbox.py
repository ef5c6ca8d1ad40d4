"""The outbox as a feature of a data service; nothing that it needs is there."""

import asyncio
import logging
from typing import Any

import pytest
from fastapi import FastAPI

from chassis.database.app import build_data_app
from chassis.database.features import DataSettings
from chassis.problems import Unavailable
from chassis_rabbitmq import outbox
from chassis_rabbitmq.outbox.recorder import EventRecorder
from chassis_rabbitmq.outbox.store import Outbox


@pytest.fixture
def app() -> FastAPI:
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    return build_data_app("Books", [], DataSettings(database_url=nowhere))


def test_writes_are_recorded(app: FastAPI) -> None:
    kinds: list[type[Any]] = [type(recorder) for recorder in app.state.database.recorders]

    assert EventRecorder in kinds


async def test_the_service_runs_and_stops_although_nothing_answers(
    app: FastAPI, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox.relay, "POLL", 0.01)

    async with app.router.lifespan_context(app):
        app.state.relay.wake()
        while not (told := [r for r in caplog.records if "outbox" in r.message]):  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    assert told[0].levelno == logging.WARNING
    assert not told[0].exc_info  # an outage is no bug


async def test_a_database_that_is_away_is_said(app: FastAPI) -> None:
    with pytest.raises(Unavailable):
        await Outbox(app.state.database, 1000).is_empty()
