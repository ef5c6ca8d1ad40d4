"""Notices: what has happened is told in the chats that want to hear of it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from aiogram import Router
from aiogram.exceptions import TelegramAPIError, TelegramForbiddenError, TelegramRetryAfter
from aiogram.filters import Command
from aiogram.types import InlineKeyboardMarkup, Message
from redis.asyncio import Redis

from chassis.data_api import Reader
from chassis.events import Event
from chassis.http_client import Reply, raise_for_problem
from chassis.problems import ProblemError
from chassis.problems.telling import described
from chassis_bot.browsing import ShowRecord
from chassis_bot.chats import PATH, BotChatRead, BotChatState
from chassis_bot.process import ChatBot
from chassis_bot.records import Collection
from chassis_bot.talk import LONGEST_TEXT, Talk, button, cut
from chassis_bot.texts import Texts, in_language, speaking
from chassis_rabbitmq.consuming import consumer

logger = logging.getLogger(__name__)

AT_ONCE = 25
"""Chats that are told at the same time; Telegram takes 30 messages a second."""
REMEMBERED_S = 24 * 60 * 60
"""So long it is known which chat was told of an event: it is not told again when others are."""

_chats = Reader(BotChatRead, "bot chat")


@dataclass(frozen=True, slots=True)
class Consumer[EventT: Event](consumer.Consumer[EventT, ChatBot]):
    """Handles all events of one kind, in the version of their class: name, event, function."""


class Http(Protocol):
    """The calls of HttpClient that are needed here."""

    async def get(self, url: str, *, params: Mapping[str, Any] | None = None) -> Reply:
        """Read."""
        ...

    async def put(self, url: str, *, json_body: bytes | None = None) -> Reply:
        """Set."""
        ...


class Chats:
    """Chats, kept by the data service."""

    def __init__(self, http: Http, base_url: str) -> None:
        self._http = http
        self._url = f"{base_url.rstrip('/')}{PATH}"

    async def put(self, chat: int, state: BotChatState) -> None:
        """Set what a chat wants."""
        body = state.model_dump_json().encode()
        raise_for_problem(await self._http.put(f"{self._url}/{chat}", json_body=body))

    async def leave(self, chat: int) -> None:
        """Take note that a chat has blocked the bot."""
        await self.put(chat, BotChatState(subscribed=False, blocked=True))

    async def subscribed(self) -> AsyncIterator[BotChatRead]:
        """Give every chat that wants to hear."""
        cursor: str | None = None
        while True:
            params = {"subscribed": True, "limit": 100, "cursor": cursor}
            reply = await self._http.get(self._url, params=params)
            page = _chats.page(reply)
            for chat in page.items:
                yield chat
            cursor = page.next_cursor
            if cursor is None:
                return


@dataclass(frozen=True, slots=True)
class Notice:
    """What is told: that something has happened to a record of a collection."""

    of: Collection
    event: Event
    said: Mapping[str, str]
    """The text by language; where there is none, the record is called new."""

    @property
    def record(self) -> dict[str, Any]:
        """The record as it is since then; raises KeyError for an event without data."""
        record: dict[str, Any] = self.event.model_dump(mode="json")["data"]
        return record

    @property
    def path(self) -> str:
        """Where the record is in the business API."""
        return f"{self.of.path}/{self.record['id']}"


class NotToldError(Exception):
    """Some chats could not be told; they are tried again."""


class Notices:
    """Tells chats of what is new, each once if it can be."""

    def __init__(
        self, bot: ChatBot, chats: Chats, redis: Redis, languages: Mapping[str, Texts]
    ) -> None:
        self._bot = bot
        self._chats = chats
        self._redis = redis
        self._languages = languages
        self._places = asyncio.Semaphore(AT_ONCE)

    async def tell(self, notice: Notice, prefix: str) -> None:
        """Tell every chat that wants to hear; one that is slow or flooded holds up no other."""
        key = f"{prefix}:told:{notice.event.id}"
        telling = [
            asyncio.create_task(self._once(chat, notice, key))
            async for chat in self._chats.subscribed()
        ]
        failed = [told for told in await asyncio.gather(*telling) if not told]
        if failed:
            raise NotToldError(f"{len(failed)} of {len(telling)} chats could not be told")

    async def _once(self, chat: BotChatRead, notice: Notice, key: str) -> bool:
        """Tell one chat, if it was not told by an earlier attempt; say whether it is through."""
        async with self._places:
            if await self._redis.sismember(key, str(chat.chat)):
                return True
            try:
                await self._send_if_it_may_know(chat, notice)
            except TelegramForbiddenError:
                await self._chats.leave(chat.chat)
            except TelegramRetryAfter:
                logger.warning("A chat is flooded, and not told of something")
            except TelegramAPIError as error:
                logger.warning("A chat could not be told: %s", type(error).__name__)
                return False
            except ProblemError as error:
                logger.warning("Nobody knows what a chat may be told: %s", described(error))
                return False
            await self._redis.sadd(key, str(chat.chat))
            await self._redis.expire(key, REMEMBERED_S)
            return True

    async def _send_if_it_may_know(self, chat: BotChatRead, notice: Notice) -> None:
        handling = self._bot.handling
        async with handling.entered(chat.chat) as admitted:
            if admitted and await handling.may_read(notice.path):
                await self._send(chat, notice)

    async def _send(self, chat: BotChatRead, notice: Notice) -> None:
        texts, of, record = speaking(self._languages, chat.language), notice.of, notice.record
        said = in_language(notice.said, chat.language) or texts.announced
        text = said.format(name=texts.titled(of.name), label=of.labelled(record))
        show = button(texts.show, ShowRecord(of=of.key, id=UUID(str(record["id"]))))
        keyboard = InlineKeyboardMarkup(inline_keyboard=[[show]])
        await self._bot.api.send_message(chat.chat, cut(text, LONGEST_TEXT), reply_markup=keyboard)


def announce(
    of: Collection, said: Mapping[str, str] | None = None
) -> Callable[[Any, ChatBot], Awaitable[None]]:
    """Give what handles an event by telling of the record, of which it has the data.

    ``said`` is a text by language, with ``{name}`` of the entity and ``{label}`` of the record, such
    as ``{"en": "Paid: {name} {label}"}``; without it the record is called new.
    """

    async def handle(event: Event, bot: ChatBot) -> None:
        notice = Notice(of, event, said or {})
        await bot.state.notices.tell(notice, bot.state.settings.redis_namespace)

    return handle


class Subscribing:
    """Answers the commands by which a chat says whether it wants to hear."""

    def __init__(self, chats: Chats) -> None:
        self._chats = chats

    def join(self, router: Router) -> None:
        """Add the handlers."""
        router.message(Command("subscribe"))(self._subscribe)
        router.message(Command("unsubscribe"))(self._unsubscribe)

    async def _subscribe(self, message: Message, talk: Talk) -> None:
        await self._set(message, subscribed=True)
        await talk.say(talk.texts.subscribed)

    async def _unsubscribe(self, message: Message, talk: Talk) -> None:
        await self._set(message, subscribed=False)
        await talk.say(talk.texts.unsubscribed)

    async def _set(self, message: Message, *, subscribed: bool) -> None:
        code = (message.from_user and message.from_user.language_code) or None
        state = BotChatState(subscribed=subscribed, language=code)
        await self._chats.put(message.chat.id, state)
