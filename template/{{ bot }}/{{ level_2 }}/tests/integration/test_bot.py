"""A bot in a process of its own, with a real Redis: what it is in the middle of is not lost."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from chassis_bot.testing.business_api import BusinessApi
from chassis_bot.testing.chatting import CHAT, Chatting, ServedTelegram
from tests.integration.servers import RunningServer
from tests.integration.system import ROOT, system

PATIENCE_S = 60
BED = "/api/v1/beds"


class Bot:
    """Starts bots, one after the other."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self._environment = environment
        self.log = log

    @contextmanager
    def process(self) -> Iterator[subprocess.Popen[bytes]]:
        """Run one; it is killed at the end, if it still runs."""
        command = [sys.executable, "-m", "chassis_bot", "tests.integration.probe_bot:create_bot"]
        with self.log.open("ab") as log:
            process = subprocess.Popen(  # noqa: S603
                command, cwd=ROOT, env=self._environment, stdout=log, stderr=log
            )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


@pytest.fixture
def probe(
    telegram: ServedTelegram,
    business_api: BusinessApi,
    others: Mapping[str, RunningServer],
    logs: Path,
) -> Bot:
    environment = {
        **os.environ,
        **system().defaults,
        "PYTHONPATH": str(ROOT),
        "APP_ENV": "test",
        "BOT_SERVER": telegram.url_with_token,
        "API_URL": business_api.url,
        "DATA_API_URL": business_api.url,
        "REDIS_URL": others["redis"].url,
    }
    return Bot(environment, logs / "bot.log")


async def test_a_bot_that_is_killed_in_the_middle_of_an_update_acts_once(
    probe: Bot, telegram: ServedTelegram, business_api: BusinessApi
) -> None:
    chat = Chatting(telegram, patience_s=PATIENCE_S)
    with probe.process() as first:
        await chat.fill_in("/new_bed", {"name": "roses"})
        business_api.answering.clear()
        telegram.press(CHAT, "Create")
        async with asyncio.timeout(PATIENCE_S):
            while not business_api.created(BED):  # noqa: ASYNC110  # nothing tells of it
                await asyncio.sleep(0.01)
        first.kill()
    business_api.answering.set()
    assert len(telegram.updates) == 1, "it is not confirmed"

    with probe.process() as second:
        await telegram.confirmed(telegram.updates[0]["update_id"], PATIENCE_S)
        assert chat.texts[-1].startswith("The bed is created.")
        assert business_api.created(BED) == [{"name": "roses"}]
        second.send_signal(signal.SIGTERM)
        assert second.wait(PATIENCE_S) == 0, probe.log.read_text()

    assert telegram.token not in probe.log.read_text()
