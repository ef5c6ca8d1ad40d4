"""A process that is told to end."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chassis.process import Process


class Kettle(Process):
    def __init__(self) -> None:
        super().__init__("kettle", settings=None)
        self.told: list[str] = []

    async def work(self) -> None:
        self.told.append("heats")
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)  # the second one changes nothing
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)
            self.told.append("cools")

    @asynccontextmanager
    async def plugged_in(self) -> AsyncIterator[None]:
        self.told.append("in")
        try:
            yield
        finally:
            self.told.append("out")


async def test_a_process_finishes_what_is_in_hand_when_it_is_told_to_end() -> None:
    kettle = Kettle()
    kettle.lifespans.append(kettle.plugged_in)

    await kettle.run()

    assert kettle.told == ["in", "heats", "cools", "out"]
