"""Updates are handled at least once, in order within a chat, and nobody holds up others."""

import asyncio
import logging
import time

import pytest
from aiogram.types import Update

from chassis_bot import polling
from chassis_bot.asking import REFUSED, TWO
from chassis_bot.bot import ChatBot
from chassis_bot.settings import NoTokenError
from chassis_bot.testing.chatting import CHAT, Chatting, ServedTelegram, running, until

OTHER = 8


class Gate:
    """Handles updates, and holds those of one chat."""

    def __init__(self, bot: ChatBot, held: int = CHAT) -> None:
        self.begun: list[str] = []
        self.done: list[str] = []
        self.open = asyncio.Event()
        self._held = held
        bot.handling.feed = self.feed

    async def feed(self, update: Update) -> None:
        assert update.message
        assert update.message.text
        self.begun.append(update.message.text)
        if update.message.chat.id == self._held:
            await self.open.wait()
        self.done.append(update.message.text)


async def test_a_chat_that_takes_long_holds_up_no_other(
    bot: ChatBot, telegram: ServedTelegram
) -> None:
    gate = Gate(bot)
    async with running(bot):
        slow = telegram.say(CHAT, "slow")
        telegram.say(CHAT, "after it")
        await until(lambda: bool(gate.begun))
        started = time.monotonic()
        telegram.say(OTHER, "quick")
        await until(lambda: "quick" in gate.done)
        assert time.monotonic() - started < 1
        assert gate.begun == ["slow", "quick"]
        assert telegram.updates[0]["update_id"] == slow, "it is not confirmed yet"
        gate.open.set()
        await until(lambda: gate.done == ["quick", "slow", "after it"])


async def test_what_is_in_hand_is_finished_and_confirmed_when_the_bot_stops(
    bot: ChatBot, telegram: ServedTelegram
) -> None:
    gate = Gate(bot)
    async with running(bot):
        telegram.say(CHAT, "slow")
        await until(lambda: bool(gate.begun))
        asyncio.get_running_loop().call_later(0.05, gate.open.set)

    assert gate.done == ["slow"]
    assert telegram.updates == []


async def test_what_cannot_be_finished_in_time_comes_again(
    bot: ChatBot, telegram: ServedTelegram, caplog: pytest.LogCaptureFixture
) -> None:
    bot.state.settings.bot_stop_timeout = 0.01
    gate = Gate(bot)
    async with running(bot):
        done = telegram.say(OTHER, "quick")
        kept = telegram.say(CHAT, "slow")
        await until(lambda: len(gate.begun) == 2)

    assert gate.done == ["quick"]
    assert [one["update_id"] for one in telegram.updates] == [kept]
    assert done < kept
    assert "Stopped in the middle of 1 updates" in caplog.text


async def test_a_chat_that_sends_too_much_is_not_heard(
    bot: ChatBot, telegram: ServedTelegram, caplog: pytest.LogCaptureFixture
) -> None:
    bot.state.settings.bot_lane = 2
    gate = Gate(bot)
    for text in ("one", "two", "three"):
        telegram.say(CHAT, text)
    async with running(bot):
        await until(lambda: bool(gate.begun))
        gate.open.set()
        await telegram.confirmed(telegram.say(OTHER, "next"))

    assert "three" not in gate.done
    assert "A chat sends too much at once" in caplog.text


async def test_two_bots_at_once_are_told(
    bot: ChatBot, telegram: ServedTelegram, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(bot):
        await Chatting(telegram).say("/help")
        telegram.webhook = "https://example.com"
        telegram.say(CHAT, "/help")
        await until(lambda: bot.polling.trouble == TWO)

    assert f"No updates: {TWO}" in caplog.text


async def test_a_webhook_that_comes_back_is_ended_again(
    bot: ChatBot, telegram: ServedTelegram
) -> None:
    telegram.ways["x"] = "http://127.0.0.1:1"
    async with running(bot):
        await Chatting(telegram).say("/help")
        telegram._set_webhook({"url": "https://x"})
        assert "/beds" in await Chatting(telegram).say("/help")

    assert telegram.webhook == ""


async def test_a_token_that_is_refused_ends_the_bot(bot: ChatBot, telegram: ServedTelegram) -> None:
    telegram.token = "2:another"  # noqa: S105
    with pytest.raises(NoTokenError, match=REFUSED):
        await bot.work()


async def test_an_outage_is_waited_for_and_no_error_tells_the_token(
    bot: ChatBot,
    telegram: ServedTelegram,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    server = bot.api.session.api
    nowhere = server.from_base("http://127.0.0.1:1")
    monkeypatch.setattr(polling, "_LONGEST_PAUSE_S", 0.01)
    bot.api.session.api = nowhere
    async with running(bot):
        await until(lambda: "No updates: TelegramNetworkError" in caplog.text)
        bot.api.session.api = server
        assert await Chatting(telegram).say("/cancel")

    assert telegram.token not in caplog.text


def test_an_update_of_a_kind_that_is_not_known_has_a_lane_too() -> None:
    assert polling.chat_of(Update(update_id=1)) == 0
