"""What becomes of an update that cannot be handled."""

import asyncio
import time

import pytest
from aiogram import Router
from aiogram.filters import Command
from aiogram.types import Message, Update
from fakeredis import FakeServer

from chassis_bot.bot import ChatBot, Script, build_bot
from chassis_bot.features import BotSettings
from chassis_bot.handling import Outcome
from chassis_bot.talk import Talk
from chassis_bot.testing.chatting import CHAT, Chatting, ServedTelegram, running, until

OTHER = 8


async def break_down(_message: Message) -> None:
    raise LookupError("what people sent")


async def greet(message: Message, talk: Talk) -> None:
    await talk.say(f"hello {message.chat.id}")


def join(router: Router) -> None:
    router.message(Command("break"))(break_down)
    router.message(Command("greet"))(greet)


@pytest.fixture
def outcomes() -> list[Outcome]:
    return []


@pytest.fixture
def bot(settings: BotSettings, memory_redis: object, outcomes: list[Outcome]) -> ChatBot:
    bot = build_bot("garden_bot", Script(join=join), settings)
    bot.handling.observers.append(lambda _update, outcome: outcomes.append(outcome))
    return bot


async def test_a_poisonous_update_ends(
    chat: Chatting, outcomes: list[Outcome], caplog: pytest.LogCaptureFixture
) -> None:
    assert await chat.say("/break") == "Something went wrong. It is noted."

    assert outcomes == [Outcome.GIVEN_UP]
    assert "failed for the 3. time of 3: LookupError: (its text may hold data)" in caplog.text
    assert await chat.say("/greet") == f"hello {CHAT}"


async def test_an_update_that_somebody_took_first_goes_no_further(
    bot: ChatBot, telegram: ServedTelegram
) -> None:
    taken: list[int] = []

    async def take(update: Update) -> bool:
        taken.append(update.update_id)
        return len(taken) == 1

    bot.handling.first.append(take)
    async with running(bot):
        first, second = telegram.say(CHAT, "/greet"), telegram.say(CHAT, "/greet")
        await telegram.confirmed(second)

    assert taken == [first, second]
    assert telegram.chats[CHAT].texts == [f"hello {CHAT}"]


async def test_a_redis_that_is_away_is_told(chat: Chatting, memory_redis: FakeServer) -> None:
    memory_redis.connected = False

    assert "Try again in a while" in await chat.say("/greet")


async def test_a_chat_that_has_blocked_the_bot_is_noticed(
    bot: ChatBot, chat: Chatting, outcomes: list[Outcome]
) -> None:
    left: list[int] = []

    async def leave(chat: int) -> None:
        left.append(chat)

    bot.handling.left = leave
    chat.telegram.chats[CHAT].blocked = True
    await chat.telegram.confirmed(chat.telegram.say(CHAT, "/greet"))

    assert outcomes == [Outcome.BLOCKED]
    assert left == [CHAT]


async def test_a_flooded_chat_waits_and_others_do_not(
    bot: ChatBot, telegram: ServedTelegram
) -> None:
    telegram.chats[CHAT].flooded_until = time.monotonic() + 0.7
    async with running(bot):
        telegram.say(CHAT, "/greet")
        await asyncio.sleep(0.1)
        started = time.monotonic()
        telegram.say(OTHER, "/greet")
        await until(lambda: bool(telegram.chats[OTHER].texts))
        assert time.monotonic() - started < 1
        assert not telegram.chats[CHAT].texts
        await until(lambda: bool(telegram.chats[CHAT].texts))


async def test_a_chat_that_is_flooded_for_too_long_is_given_up(
    chat: Chatting, outcomes: list[Outcome]
) -> None:
    chat.telegram.chats[CHAT].flooded_until = time.monotonic() + 500
    for _ in range(2):
        await chat.telegram.confirmed(chat.telegram.say(CHAT, "/greet"))

    assert outcomes == [Outcome.FLOODED] * 2
    sent = [method for method, _ in chat.telegram.calls if method == "sendMessage"]
    assert len(sent) == 1, "it is known that the chat is closed"


async def test_a_group_that_has_moved_is_followed(chat: Chatting) -> None:
    chat.telegram.chats[CHAT].moved_to = OTHER
    assert chat.telegram.chats[OTHER].texts == []
    await chat.telegram.confirmed(chat.telegram.say(CHAT, "/greet"))

    assert chat.telegram.chats[OTHER].texts == [f"hello {CHAT}"]
