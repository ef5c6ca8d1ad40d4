"""Chats that act as accounts: /start and a token links one, /unlink ends that."""

from __future__ import annotations

import datetime as dt
import logging
import re
from typing import TYPE_CHECKING, Any, Protocol

from chassis.bot_linking.links import PATH, BotLinkChat, BotLinkRead, LinkTokens
from chassis.data_api import PAST_CACHES, Reader
from chassis.http_client import Reply, raise_for_problem
from chassis.identity import Principal, acting_as
from chassis.problems import NotFound, Outdated

if TYPE_CHECKING:  # aiogram takes seconds to load, and every run of tests loads this
    from collections.abc import Awaitable, Callable, Mapping
    from uuid import UUID

    from aiogram.types import Message, Update, User

    type Say = Callable[[int, User | None, str], Awaitable[Any]]

SAID: Mapping[str, str] = {
    "linked": "This chat is linked to your account: here you act as yourself. /unlink ends that.",
    "wrong_link": (
        "This token is wrong, has ended, or was used. You get another one where you are logged in."
    ),
    "not_linked_here": (
        "Others can read this: that token is good for nothing now. Write a new one to me alone."
    ),
    "unlinked": "This chat is linked to no account any more.",
    "never_linked": "This chat is linked to no account.",
    "not_admitted": (
        "This bot does not know this chat. Write /start and the token that you get where you are"
        " logged in. The number of this chat, for those who run the bot: {chat}"
    ),
}
"""In English; `more` of the texts of a language has others by these names."""

# What else follows /start is no token, and says nothing here.
_START = re.compile(r"/start(?:@\w+)?\s+([\w-]{64})\s*", re.ASCII)
_UNLINK = re.compile(r"/unlink(?:@\w+)?\s*", re.ASCII)

_links = Reader(BotLinkRead, "bot link")

logger = logging.getLogger(__name__)


class Http(Protocol):
    """The calls of HttpClient that are needed here."""

    async def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Reply:
        """Read."""
        ...

    async def put(self, url: str, *, json_body: bytes | None = None) -> Reply:
        """Set."""
        ...

    async def delete(self, url: str) -> Reply:
        """Remove."""
        ...


class Links:
    """Links, kept by the data service."""

    def __init__(self, http: Http, base_url: str) -> None:
        self._http = http
        self._url = f"{base_url.rstrip('/')}{PATH}"

    async def of(self, chat: int) -> BotLinkRead | None:
        """Say whom a chat acts as, now; a group acts as nobody."""
        if chat <= 0:
            return None
        reply = await self._http.get(f"{self._url}/chats/{chat}", headers=PAST_CACHES)
        try:
            return _links.one(reply)
        except NotFound:
            return None

    async def take(self, link: UUID, given: BotLinkChat) -> None:
        """Link a chat; raises NotFound or Outdated for what is good for nothing any more."""
        body = given.model_dump_json().encode()
        raise_for_problem(await self._http.put(f"{self._url}/{link}/chat", json_body=body))

    async def end(self, link: UUID) -> None:
        """End a link, if it has not ended yet."""
        try:
            raise_for_problem(await self._http.delete(f"{self._url}/{link}"))
        except NotFound:
            return

    async def burn(self, link: UUID) -> None:
        """Have a link that waits be good for nothing; one that a chat has goes on."""
        try:
            raise_for_problem(await self._http.delete(f"{self._url}/{link}?waiting=true"))
        except (NotFound, Outdated):
            return


class Linking:
    """Takes the updates by which people link chats to their accounts, and end that."""

    def __init__(
        self,
        links: Links,
        tokens: LinkTokens,
        life: float,
        say: Say,
        service: str,
    ) -> None:
        self._links = links
        self._tokens = tokens
        self._life = dt.timedelta(seconds=life)
        self._say = say
        self._service = service

    async def __call__(self, update: Update) -> bool:
        """Do what there is to do; say whether that was all."""
        message = update.message
        text = (message and message.text) or ""
        if message is None:
            return False
        if found := _START.fullmatch(text):
            told = await self._start(message, found[1])
        elif _UNLINK.fullmatch(text):
            told = await self._unlink(message.chat.id)
        else:
            return False
        await self._say(message.chat.id, message.from_user, told)
        return True

    def principal(self, link: BotLinkRead) -> Principal:
        """Give whom a chat acts as that has this link."""
        return Principal(link.account, frozenset(link.roles), self._service)

    async def _start(self, message: Message, token: str) -> str:
        """Link a chat; give the name of what is said to that."""
        link = self._tokens.read(token)
        if link is None:
            logger.warning("A chat shows a token of a link that nobody has signed")
            return "wrong_link"
        if message.chat.id <= 0:  # others read along
            await self._links.burn(link)
            return "not_linked_here"
        ends_at = dt.datetime.now(dt.UTC) + self._life
        try:
            await self._links.take(link, BotLinkChat(chat=message.chat.id, ends_at=ends_at))
        except (NotFound, Outdated):
            logger.warning("A chat shows the token of link %s, which is not good any more", link)
            return "wrong_link"
        return "linked"

    async def _unlink(self, chat: int) -> str:
        link = await self._links.of(chat)
        if link is None:
            return "never_linked"
        with acting_as(self.principal(link)):
            await self._links.end(link.id)
        return "unlinked"
