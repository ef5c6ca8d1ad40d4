"""Telling: what happens to records is told to the document service, neither more nor less.

An activity is stored in the transaction of the write that it follows: there is none without the
other. It is passed on as soon as the document service answers, and forgotten then; for as long as
that is away, nothing else waits for it. One may be told twice, and is kept once, by its id. One
that the document service refuses is put aside with the reason, and the others go on.

How much waits and for how long is told by ``app.state.untold.backlog()``.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from chassis_mongodb.history import Settings
from chassis_mongodb.telling.store import Untold
from chassis_mongodb.telling.teller import Teller

__all__ = ["install", "lifespan"]


def install(app: FastAPI, settings: Settings) -> None:
    """Have every write to a record stored as an activity, and told while the application runs."""
    untold = app.state.untold = Untold(app.state.database)
    teller = app.state.teller = Teller(untold, app.state.http, settings.documents_url)
    untold.observers.append(teller.wake)
    app.state.database.recorders.append(untold.record)


@asynccontextmanager
async def lifespan(app: FastAPI, _settings: Settings) -> AsyncIterator[None]:
    """Tell activities until the application stops."""
    teller: Teller = app.state.teller
    async with teller.running():
        yield
