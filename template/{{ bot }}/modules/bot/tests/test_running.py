"""How a bot is started, and what it says when it cannot be."""

import os
import signal

import pytest
from aiogram.types import Update
from pydantic import SecretStr, ValidationError

from chassis_bot import __main__ as command
from chassis_bot.process import ChatBot
from chassis_bot.settings import MISSING, NoTokenError, Settings
from chassis_bot.testing.telegram import Telegram


def no_bot() -> ChatBot:
    return ChatBot("none", Settings(bot_token=SecretStr("none")))


async def test_a_bot_works_until_it_is_told_to_end(bot: ChatBot, telegram: Telegram) -> None:
    async def stop(_update: Update) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    bot.handling.feed = stop
    telegram.say(7, "stop")

    await bot.run()

    assert telegram.updates == [], "what was in hand is confirmed"


def test_a_token_that_is_none_is_told_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "bot_of", lambda _name: no_bot())
    with pytest.raises(SystemExit) as ended:
        command.main(["garden.main:create_bot"])

    assert ended.value.code == MISSING


@pytest.mark.parametrize("name", ["garden.main:create_bot", "json:nothing", ""])
def test_a_factory_that_is_none_is_told(name: str) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main([name])

    assert str(ended.value.code).startswith(f"{name}: must name a factory as MODULE:FUNCTION")


def test_a_token_may_be_in_the_address() -> None:
    settings = Settings(bot_server="http://12:ab@127.0.0.1:8081/")

    assert (settings.server(), settings.token()) == ("http://127.0.0.1:8081", "12:ab")
    assert Settings(bot_token=SecretStr("13:cd")).token() == "13:cd"
    assert "12:ab" not in repr(settings)


@pytest.mark.parametrize("token", ["", "12", "12: ab", "ab:12"])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(NoTokenError, match="BOT_TOKEN must be"):
        Settings(bot_token=SecretStr(token)).token()


def test_an_address_that_is_none_is_refused_without_telling_it() -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(bot_server="ftp://12:ab@example.com")

    assert "must be the address of a Bot API server" in str(refused.value)
    assert "12:ab" not in str(refused.value)
