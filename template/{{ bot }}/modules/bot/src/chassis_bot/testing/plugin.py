"""The fixtures of bots' tests; pytest finds them by this package's entry point.

What is tested is imported late: lines that run before their coverage is measured do not count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fakeredis import FakeServer

    from chassis_bot.bot import ChatBot
    from chassis_bot.testing.business_api import BusinessApi
    from chassis_bot.testing.chatting import Chatting, ServedTelegram


@pytest.fixture
def memory_redis(monkeypatch: pytest.MonkeyPatch) -> FakeServer:
    """Give bots a Redis in memory; `connected = False` takes it away."""
    from fakeredis import FakeAsyncRedis, FakeServer  # noqa: PLC0415

    from chassis_redis import redis_client  # noqa: PLC0415

    fake = FakeServer()
    monkeypatch.setattr(redis_client, "connect", lambda _settings: FakeAsyncRedis(server=fake))
    return fake


@pytest_asyncio.fixture
async def business_api() -> AsyncIterator[BusinessApi]:
    """Serve a business API that keeps what it is given."""
    from chassis_bot.testing.business_api import serving  # noqa: PLC0415

    async with serving() as api:
        yield api


@pytest_asyncio.fixture
async def telegram() -> AsyncIterator[ServedTelegram]:
    """Serve a Bot API in place of Telegram's."""
    from chassis_bot.testing.chatting import served  # noqa: PLC0415

    async with served() as telegram:
        yield telegram


@pytest_asyncio.fixture
async def chat(bot: ChatBot, telegram: ServedTelegram) -> AsyncIterator[Chatting]:
    """Run the ``bot`` that the tests define, and chat with it."""
    from chassis_bot.testing.chatting import Chatting, running  # noqa: PLC0415

    async with running(bot):
        yield Chatting(telegram)
