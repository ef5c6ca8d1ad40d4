"""How a bot is put together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from aiogram import Dispatcher, Router
from aiogram.fsm.storage.base import DefaultKeyBuilder
from aiogram.fsm.storage.redis import RedisStorage
from aiogram.types import Update
from redis.asyncio import Redis

from chassis.problems import OutcomeUnknown, Unavailable
from chassis_bot.browsing import Browsing, Lists
from chassis_bot.commands import Commands
from chassis_bot.dialogue import Dialogue
from chassis_bot.features import BOT_FEATURES, BotSettings
from chassis_bot.notices import Chats, Consumer, Notices, Subscribing
from chassis_bot.polling import chat_of, event_of
from chassis_bot.process import ChatBot
from chassis_bot.records import Collection, NotAllowed, Records
from chassis_bot.talk import Talking
from chassis_bot.texts import ENGLISH, Texts, chosen
from chassis_redis.redis_client import AWAY

__all__ = ["ChatBot", "Script", "build_bot"]

type Join = Callable[[Router], None]
"""Adds handlers of aiogram; they may ask for `talk` and `records`."""


@dataclass(frozen=True, slots=True)
class Script:
    """What a bot shows and creates, announces, says, and answers besides."""

    collections: Sequence[Collection] = ()
    consumers: Sequence[Consumer[Any]] = ()
    languages: Mapping[str, Texts] = field(default_factory=dict)
    join: Join = lambda _router: None


def build_bot(name: str, script: Script, settings: BotSettings) -> ChatBot:
    """Build a bot: the features, and what it does. Raises NoTokenError.

    Its queues are named after it, so a name stays. The settings are at ``bot.state.settings``.
    """
    bot = ChatBot(name, settings)
    bot.languages = script.languages
    for feature in BOT_FEATURES:
        feature.install(bot, settings)
        bot.lifespans.append(partial(feature.lifespan, bot, settings))
    chats = Chats(bot.state.http, settings.data_api_url)
    bot.state.notices = Notices(bot, chats, bot.state.redis, script.languages)
    for consumer in script.consumers:
        bot.subscriptions.consume(consumer, bot)
    dispatcher = _dispatcher(bot, script, chats, settings)
    bot.polling.kinds = dispatcher.resolve_used_update_types()
    bot.handling.feed = partial(dispatcher.feed_update, bot.api)
    bot.handling.apologise = partial(_apologise, bot, script.languages)
    bot.handling.left = chats.leave
    return bot


def _dispatcher(bot: ChatBot, script: Script, chats: Chats, settings: BotSettings) -> Dispatcher:
    """Give what finds the handler of an update; the first that takes it is the one."""
    records = Records(bot.state.http, settings.api_url)
    dispatcher = Dispatcher(storage=_storage(bot.state.redis, settings), records=records)
    dispatcher.update.outer_middleware(Talking(script.languages))
    commands = Commands(script.collections, announcing=bool(script.consumers))
    commands.join(dispatcher)
    script.join(dispatcher)  # before those that take any text
    if script.consumers:
        Subscribing(chats).join(dispatcher)
    if script.collections:
        lists = Lists(records, settings.bot_page_size)
        Browsing(script.collections, records, lists).join(dispatcher)
        Dialogue(script.collections, records, lists).join(dispatcher)
    commands.join_last(dispatcher)
    bot.menus = {
        "" if code == ENGLISH else code: commands.menu(texts)
        for code, texts in script.languages.items()
    }
    return dispatcher


def _storage(redis: Redis, settings: BotSettings) -> RedisStorage:
    """Keep dialogues among the project's own keys, and not for ever."""
    ttl = settings.bot_dialogue_ttl
    keys = DefaultKeyBuilder(
        prefix=f"{settings.redis_namespace}:fsm", with_bot_id=True, with_destiny=True
    )
    return RedisStorage(redis, keys, state_ttl=ttl, data_ttl=ttl)


async def _apologise(
    bot: ChatBot, languages: Mapping[str, Texts], update: Update, error: Exception
) -> None:
    """Say in a chat what has become of its update."""
    texts = chosen(languages, getattr(event_of(update), "from_user", None))
    match error:
        case NotAllowed():
            text = texts.not_allowed
        case OutcomeUnknown():
            text = texts.unknown_outcome
        case Unavailable() | TimeoutError():
            text = texts.away
        case _:
            text = texts.away if isinstance(error, AWAY) else texts.failed
    if chat := chat_of(update):
        await bot.api.send_message(chat, text)
