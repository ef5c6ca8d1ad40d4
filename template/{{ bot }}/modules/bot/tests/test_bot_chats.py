"""Chats of bots, as the data service keeps them."""

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import pytest
from httpx2 import ASGITransport, AsyncClient
from sqlalchemy.dialects.postgresql.base import PGDialect

from chassis.database import Change, Database
from chassis.database.app import build_data_app
from chassis.database.features import DataSettings
from chassis.schemas import Page
from chassis_bot.chats import PATH, BotChatRead, BotChatState
from chassis_bot.data.bot_chats.repository import BotChats
from chassis_bot.data.bot_chats.routes import bot_chats

if TYPE_CHECKING:
    from fastapi import FastAPI

NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
CHAT = BotChatRead(
    id=UUID(int=7),
    chat=-100,
    language="en",
    subscribed=True,
    blocked_at=None,
    created_at=NOON,
    updated_at=NOON,
)
DIALECT = PGDialect(paramstyle="named")  # type: ignore[no-untyped-call]


class Kept:
    """Chats that are always the same; notes what is set."""

    def __init__(self) -> None:
        self.states: list[tuple[int, BotChatState]] = []

    async def replace(self, chat: int, state: BotChatState) -> BotChatRead:
        self.states.append((chat, state))
        return CHAT

    async def list(self, _query: Any) -> Page[BotChatRead]:
        return Page(items=[CHAT])


class OneRow:
    """A database that answers every statement with one row, and notes what it is told."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.changes: list[Change] = []
        self.recorders = [self.record]

    async def record(self, _connection: Any, change: Change) -> None:
        self.changes.append(change)

    async def execute(self, statement: Any) -> "OneRow":
        self.statements.append(str(statement.compile(dialect=DIALECT)))
        return self

    def one(self) -> tuple[Any, ...]:
        stored = CHAT.model_dump()
        return tuple(stored[name] for name in BotChats.model.__table__.columns.keys())  # noqa: SIM118  # by name

    @asynccontextmanager
    async def begin(self) -> AsyncIterator["OneRow"]:
        yield self


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
async def client(kept: Kept) -> AsyncIterator[AsyncClient]:
    settings = DataSettings(database_url="postgresql://nobody@127.0.0.1:1/none")
    app: FastAPI = build_data_app("Garden data", [], settings)
    app.dependency_overrides[bot_chats] = lambda: kept
    transport = ASGITransport(app=app)
    async with AsyncClient(transport=transport, base_url="http://data") as client:
        yield client


async def test_what_a_chat_wants_is_set_and_listed(client: AsyncClient, kept: Kept) -> None:
    answer = await client.put(f"{PATH}/-100", json={"subscribed": True, "language": "en"})

    assert answer.json() == CHAT.model_dump(mode="json")
    assert kept.states == [(-100, BotChatState(subscribed=True, language="en"))]
    page = await client.get(PATH, params={"subscribed": "true"})
    assert page.json()["items"] == [CHAT.model_dump(mode="json")]


@pytest.mark.parametrize(
    ("chat", "body"), [("7", {"subscribed": "yes"}), ("x", {"subscribed": True}), ("7", {})]
)
async def test_what_says_nothing_is_refused(
    client: AsyncClient, chat: str, body: dict[str, Any]
) -> None:
    assert (await client.put(f"{PATH}/{chat}", json=body)).status_code == 422


async def test_a_chat_is_kept_once_with_the_time_since_which_it_blocks() -> None:
    database = OneRow()
    chats = BotChats(cast("Database", database))

    assert await chats.replace(-100, BotChatState(subscribed=False, blocked=True)) == CHAT

    (statement,) = database.statements
    assert "ON CONFLICT (chat) DO UPDATE" in statement
    assert "coalesce(bot_chats.blocked_at, excluded.blocked_at)" in statement
    (change,) = database.changes
    assert (change.kind, change.table) == ("change", "bot_chats")
