"""What a data service tells of the inbox of the bot."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from chassis.environment import Service
from chassis.metrics import Metrics
from chassis_bot.data import inbox_metrics

if TYPE_CHECKING:
    from fastapi import FastAPI


class Database:
    """Says what waits, and notes what it is asked."""

    def __init__(self) -> None:
        self.asked = ""

    @asynccontextmanager
    async def connect(self) -> AsyncIterator["Database"]:
        yield self

    async def execute(self, statement: Any) -> "Database":
        self.asked = str(statement)
        return self

    def one(self) -> Any:
        return SimpleNamespace(number=3, age=70.5)


async def test_what_waits_is_told() -> None:
    database = Database()
    metrics = Metrics(Service("garden", "1", "test"))
    app = SimpleNamespace(state=SimpleNamespace(database=database, metrics=metrics))
    inbox_metrics.install(cast("FastAPI", app), None)

    lines = (await metrics.told(""))[0].decode().splitlines()

    assert "bot_inbox_waiting 3.0" in lines
    assert "bot_inbox_oldest_seconds 70.5" in lines
    assert "WHERE bot_updates.done_at IS NULL" in database.asked
