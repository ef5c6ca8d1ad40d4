"""Only chats that are named are answered."""

import pytest

from chassis_bot import admission
from chassis_bot.admission import admits
from chassis_bot.bot import ChatBot, Script, build_bot
from chassis_bot.features import BotSettings
from chassis_bot.testing.business_api import BusinessApi
from chassis_bot.testing.chatting import CHAT, Chatting, ServedTelegram, running

OTHER = 8


@pytest.fixture
def bot(settings: BotSettings, memory_redis: object, monkeypatch: pytest.MonkeyPatch) -> ChatBot:
    monkeypatch.setattr(admission, "admits", admits)
    only_one = settings.model_copy(update={"bot_chats": frozenset({CHAT})})
    return build_bot("garden_bot", Script(), only_one)


async def test_a_chat_that_is_not_named_is_only_told_its_number(
    bot: ChatBot, telegram: ServedTelegram, business_api: BusinessApi
) -> None:
    async with running(bot):
        assert (await Chatting(telegram).say("/help")).startswith("What I understand")
        told = await Chatting(telegram, OTHER).say("/help")

    assert told.endswith("for those who run the bot: 8")
    assert "What I understand" not in told


def test_nobody_is_admitted_unless_somebody_says_so() -> None:
    assert not admits(BotSettings(), CHAT)
