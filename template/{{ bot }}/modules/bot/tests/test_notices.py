"""What is new is told in the chats that want to hear of it."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal
from uuid import UUID

import pytest
from faststream.rabbit import TestRabbitBroker

from chassis.events import Created
from chassis.problems import Unavailable
from chassis_bot.bot import ChatBot, Script, build_bot
from chassis_bot.features import BotSettings
from chassis_bot.notices import Consumer, NotToldError, announce
from chassis_bot.records import Collection
from chassis_bot.testing.business_api import BusinessApi
from chassis_bot.testing.chatting import CHAT, Chatting, ServedTelegram, running
from chassis_bot.texts import Texts
from chassis_rabbitmq.topology import TopologyError, events_exchange

OTHER, GONE = 8, 9
LANGUAGES = {"en": Texts(), "de": Texts(announced="Neu: {name} {label}", names={"bed": "Beet"})}


class BedCreated(Created):
    type: Literal["bed.created"] = "bed.created"
    version: Literal[1] = 1
    data: dict[str, Any]


@pytest.fixture
def event() -> BedCreated:
    return BedCreated(subject=UUID(int=7), data={"id": str(UUID(int=7)), "name": "roses"})


@pytest.fixture
def bot(settings: BotSettings, beds: Collection, memory_redis: object) -> ChatBot:
    consumers = [Consumer("announce_beds", BedCreated, announce(beds))]
    return build_bot("garden_bot", Script([beds], consumers, LANGUAGES), settings)


async def tell(bot: ChatBot, event: BedCreated, beds: Collection) -> None:
    await announce(beds)(event, bot)


def want(business_api: BusinessApi, telegram: ServedTelegram, **languages: str) -> None:
    for number, language in languages.items():
        chat = int(number.removeprefix("chat_"))
        business_api.chats[chat] = {"subscribed": True, "language": language}
        assert telegram.chats[chat].texts == []


async def test_a_chat_says_whether_it_wants_to_hear(
    chat: Chatting, business_api: BusinessApi
) -> None:
    assert "/subscribe be told what is new" in await chat.say("/help")
    assert (await chat.say("/subscribe")).startswith("You will be told what is new.")
    wanted = {"subscribed": True, "blocked": False, "language": "en"}
    assert business_api.chats == {CHAT: wanted}

    assert await chat.say("/unsubscribe") == "You will be told no more."

    assert business_api.chats == {CHAT: wanted | {"subscribed": False}}


async def test_every_chat_that_wants_it_is_told_once_in_its_language(
    bot: ChatBot,
    telegram: ServedTelegram,
    business_api: BusinessApi,
    event: BedCreated,
    beds: Collection,
) -> None:
    want(business_api, telegram, chat_7="en", chat_8="de-AT")
    business_api.chats[GONE] = {"subscribed": False, "language": None}
    async with bot.lifespan(), bot.api.context():
        for _ in range(2):  # the message comes again
            await tell(bot, event, beds)

    assert telegram.chats[CHAT].texts == ["New: Bed roses"]
    assert telegram.chats[CHAT].buttons == {"Show": f"show:beds:{UUID(int=7).hex}"}
    assert telegram.chats[OTHER].texts == ["Neu: Beet roses"]
    assert GONE not in telegram.chats


async def test_something_else_than_a_new_record_is_told_in_words_of_its_own(
    bot: ChatBot,
    telegram: ServedTelegram,
    business_api: BusinessApi,
    event: BedCreated,
    beds: Collection,
) -> None:
    want(business_api, telegram, chat_7="fr", chat_8="de-AT")
    said = {"en": "Watered: {name} {label}", "de": "Gegossen: {name} {label}"}
    async with bot.lifespan(), bot.api.context():
        await announce(beds, said)(event, bot)

    assert telegram.chats[CHAT].texts == ["Watered: Bed roses"]
    assert telegram.chats[OTHER].texts == ["Gegossen: Beet roses"]


async def test_a_chat_that_cannot_be_told_holds_up_no_other_and_is_tried_again(
    bot: ChatBot,
    telegram: ServedTelegram,
    business_api: BusinessApi,
    event: BedCreated,
    beds: Collection,
) -> None:
    want(business_api, telegram, chat_7="en", chat_8="en")
    del telegram.chats[CHAT]
    async with bot.lifespan(), bot.api.context():
        with pytest.raises(NotToldError, match="1 of 2 chats"):
            await tell(bot, event, beds)
        assert telegram.chats[OTHER].texts == ["New: Bed roses"]
        assert telegram.chats[CHAT].texts == []
        await tell(bot, event, beds)

    assert telegram.chats[CHAT].texts == telegram.chats[OTHER].texts == ["New: Bed roses"]


async def test_a_chat_is_told_only_of_what_it_may_read(
    bot: ChatBot,
    telegram: ServedTelegram,
    business_api: BusinessApi,
    event: BedCreated,
    beds: Collection,
) -> None:
    asked: list[str] = []

    @asynccontextmanager
    async def entered(chat: int) -> AsyncIterator[bool]:
        yield chat != GONE

    async def may_read(path: str) -> bool:
        asked.append(path)
        return len(asked) > 1

    want(business_api, telegram, chat_7="en", chat_9="en")
    bot.handling.entered, bot.handling.may_read = entered, may_read
    async with bot.lifespan(), bot.api.context():
        await tell(bot, event, beds)

    assert asked == [f"/api/v1/beds/{UUID(int=7)}"]
    assert telegram.chats[CHAT].texts == telegram.chats[GONE].texts == []


async def test_a_chat_of_which_nobody_knows_what_it_may_is_tried_again(
    bot: ChatBot,
    telegram: ServedTelegram,
    business_api: BusinessApi,
    event: BedCreated,
    beds: Collection,
) -> None:
    answers: list[Exception] = [Unavailable("The business API does not answer.")]

    async def may_read(_path: str) -> bool:
        if answers:
            raise answers.pop()
        return True

    want(business_api, telegram, chat_7="en")
    bot.handling.may_read = may_read
    async with bot.lifespan(), bot.api.context():
        with pytest.raises(NotToldError, match="1 of 1 chats"):
            await tell(bot, event, beds)
        await tell(bot, event, beds)

    assert telegram.chats[CHAT].texts == ["New: Bed roses"]


async def test_a_chat_that_has_blocked_the_bot_wants_no_more(
    bot: ChatBot,
    telegram: ServedTelegram,
    business_api: BusinessApi,
    event: BedCreated,
    beds: Collection,
) -> None:
    want(business_api, telegram, chat_7="en")
    telegram.chats[CHAT].blocked = True
    async with bot.lifespan(), bot.api.context():
        await tell(bot, event, beds)

    assert business_api.chats[CHAT] == {"subscribed": False, "blocked": True, "language": None}


async def test_a_chat_that_is_flooded_for_too_long_is_left_out(
    bot: ChatBot,
    telegram: ServedTelegram,
    business_api: BusinessApi,
    event: BedCreated,
    beds: Collection,
) -> None:
    want(business_api, telegram, chat_7="en", chat_8="en")
    telegram.chats[CHAT].flooded_until = time.monotonic() + 1000
    async with bot.lifespan(), bot.api.context():
        await tell(bot, event, beds)

    assert telegram.chats[CHAT].texts == []
    assert telegram.chats[OTHER].texts == ["New: Bed roses"]


async def test_an_event_comes_by_rabbitmq(
    bot: ChatBot, telegram: ServedTelegram, business_api: BusinessApi, event: BedCreated
) -> None:
    want(business_api, telegram, chat_7="en")
    memory = TestRabbitBroker(bot.subscriptions.broker)
    async with bot.lifespan(), bot.api.context(), memory as broker:
        await broker.publish(
            event.model_dump_json().encode(),
            exchange=events_exchange(bot.state.settings),
            routing_key=event.routing_key(),
            message_id=str(event.id),
        )
        await bot.subscriptions.handling.idle()

    assert telegram.chats[CHAT].texts == ["New: Bed roses"]


async def test_without_its_queues_a_bot_still_talks(
    bot: ChatBot,
    telegram: ServedTelegram,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def start() -> None:
        raise TopologyError("RabbitMQ has it with other arguments")

    monkeypatch.setattr(bot.subscriptions, "_start", start)
    async with running(bot):
        assert "What I understand" in await Chatting(telegram).say("/help")

    assert "Nothing is announced: RabbitMQ has it with other arguments" in caplog.text
