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
from pydantic import TypeAdapter
from redis.asyncio import Redis

from chassis.events import Created, Event
from chassis.http_client import Reply, raise_for_problem
from chassis.schemas import Page
from chassis_bot.browsing import ShowRecord
from chassis_bot.chats import PATH, BotChatRead, BotChatState
from chassis_bot.process import ChatBot
from chassis_bot.records import Collection
from chassis_bot.talk import LONGEST_TEXT, Talk, button, cut
from chassis_bot.texts import Texts, speaking
from chassis_rabbitmq.consuming import consumer

logger = logging.getLogger(__name__)

AT_ONCE = 25
"""Chats that are told at the same time; Telegram takes 30 messages a second."""
REMEMBERED_S = 24 * 60 * 60
"""So long it is known which chat was told of an event: it is not told again when others are."""

_pages = TypeAdapter(Page[BotChatRead])


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
            raise_for_problem(reply)
            page = _pages.validate_json(reply.body)
            for chat in page.items:
                yield chat
            cursor = page.next_cursor
            if cursor is None:
                return


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

    async def tell(self, of: Collection, event: Created, prefix: str) -> None:
        """Tell every chat that wants to hear; one that is slow or flooded holds up no other."""
        record = event.model_dump(mode="json")["data"]
        telling = [
            asyncio.create_task(self._once(chat, of, record, f"{prefix}:told:{event.id}"))
            async for chat in self._chats.subscribed()
            if self._bot.handling.admits(chat.chat)
        ]
        failed = [told for told in await asyncio.gather(*telling) if not told]
        if failed:
            raise NotToldError(f"{len(failed)} of {len(telling)} chats could not be told")

    async def _once(self, chat: BotChatRead, of: Collection, record: Any, key: str) -> bool:
        """Tell one chat, if it was not told by an earlier attempt; say whether it is through."""
        async with self._places:
            if await self._redis.sismember(key, str(chat.chat)):
                return True
            try:
                await self._send(chat, of, record)
            except TelegramForbiddenError:
                await self._chats.leave(chat.chat)
            except TelegramRetryAfter:
                logger.warning("A chat is flooded, and not told of something")
            except TelegramAPIError as error:
                logger.warning("A chat could not be told: %s", type(error).__name__)
                return False
            await self._redis.sadd(key, str(chat.chat))
            await self._redis.expire(key, REMEMBERED_S)
            return True

    async def _send(self, chat: BotChatRead, of: Collection, record: Mapping[str, Any]) -> None:
        texts = speaking(self._languages, chat.language)
        label = of.labelled(dict(record))
        text = texts.announced.format(name=texts.titled(of.name), label=label)
        show = button(texts.show, ShowRecord(of=of.key, id=UUID(str(record["id"]))))
        keyboard = InlineKeyboardMarkup(inline_keyboard=[[show]])
        await self._bot.api.send_message(chat.chat, cut(text, LONGEST_TEXT), reply_markup=keyboard)


def announce(of: Collection) -> Callable[[Any, ChatBot], Awaitable[None]]:
    """Give what handles an event by telling of the record."""

    async def handle(event: Created, bot: ChatBot) -> None:
        await bot.state.notices.tell(of, event, bot.state.settings.redis_namespace)

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
