"""Activities that wait for long, or were refused, as something that ``/ready`` tells of.

The service can do without the document service for any time, so it is ready all the same.
"""

import asyncio

from fastapi import FastAPI

from chassis.feature import no_lifespan
from chassis.problems import Unavailable
from chassis_mongodb.telling.store import Backlog, Untold

LATE_S = 60
"""Seconds after which an activity that waits is told of."""
PATIENCE_S = 0.5
"""Seconds that the database has to answer: who asks must not wait for what is not needed."""


def install(app: FastAPI, _settings: object) -> None:
    """Add the check: activities are told."""
    untold: Untold = app.state.untold

    async def check() -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                told = late(await untold.backlog())
        except (TimeoutError, Unavailable):  # the database, of which its own check tells
            return
        if told:
            raise Unavailable(told)

    app.state.checks.add("activities", check, optional=True)


lifespan = no_lifespan


def late(backlog: Backlog) -> str:
    """Say what is not as it should be; nothing where all is well."""
    waiting = f"{backlog.waiting} wait, the oldest for {backlog.oldest_s:.0f} s."
    told = [waiting] if backlog.oldest_s > LATE_S else []
    refused = f"{backlog.refused} are refused: make refused-activities."
    return " ".join([*told, *([refused] if backlog.refused else [])])
