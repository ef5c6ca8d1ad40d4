import datetime as dt
from collections.abc import Awaitable, Callable
from uuid import UUID

from chassis.bot_linking.links import NOT_LINKED, BotLinkChat, BotLinkNew, BotLinkQuery, BotLinkRead
from chassis.database import Database
from chassis.database.repository import Repository
from chassis.problems import Conflict, NotFound
from chassis_bot.data.bot_links.model import BotLink

MOST = 100
"""Links of one account that are looked at."""
NO_ACCOUNT = "Whoever asks has no account that a chat could act as."
SPENT = "This token has ended, was used, or was replaced by another one."

type Current = Callable[[str, list[str]], Awaitable[list[str] | None]]
"""Gives the roles that an account has now, and had; None for one that may nothing any more."""


class BotLinks(Repository[BotLinkRead]):
    """Links in PostgreSQL."""

    model = BotLink
    read = BotLinkRead

    def __init__(
        self,
        database: Database,
        clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        super().__init__(database)
        self.current: Current = _as_it_was
        self._clock = clock

    async def wait(self, new: BotLinkNew) -> BotLinkRead:
        """Keep a link that waits for a chat, instead of those of the account that still wait.

        Raises Conflict for what is no account.
        """
        if await self.current(new.account, new.roles) is None:
            raise Conflict(NO_ACCOUNT)
        for known in (await self.list(BotLinkQuery(account=new.account, limit=MOST))).items:
            if known.chat is None or known.ends_at <= self._clock():
                await self._forget(known.id)
        return await self.add(new.model_dump())

    async def take(self, link_id: UUID, given: BotLinkChat) -> BotLinkRead:
        """Link a chat, by the one token of the link; the same chat again changes nothing.

        What the chat was linked to before is forgotten. Raises NotFound or Outdated for a token that
        is good for nothing any more.
        """
        try:
            link = await self.get(link_id)
        except NotFound:
            raise NotFound(SPENT) from None
        if link.ends_at <= self._clock() or link.chat not in {None, given.chat}:
            raise NotFound(SPENT)
        if link.chat == given.chat:
            return link
        if before := await self._of(given.chat):
            await self._forget(before.id)
        # Of two chats that come at the same moment the other one finds another version.
        return await self.change(link_id, given.model_dump(), link.version)

    async def of_chat(self, chat: int) -> BotLinkRead:
        """Say whom a chat acts as, and what that account may be now; raises NotFound."""
        link = await self._of(chat)
        if link is None or link.ends_at <= self._clock():
            raise NotFound(NOT_LINKED)
        roles = await self.current(link.account, link.roles)
        if roles is None:
            raise NotFound(NOT_LINKED)
        return link.model_copy(update={"roles": roles})

    async def end(self, link_id: UUID, account: str | None, *, waiting: bool = False) -> None:
        """Forget a link, of this account if one is named, or only one that waits; raises NotFound.

        Raises Outdated where a chat takes one that waits at the same moment.
        """
        link = await self.get(link_id)
        if account not in {None, link.account} or (waiting and link.chat is not None):
            raise self._missing()
        await self.remove(link_id, link.version if waiting else None)

    async def _of(self, chat: int) -> BotLinkRead | None:
        page = await self.list(BotLinkQuery(chat=chat, limit=1))
        return page.items[0] if page.items else None

    async def _forget(self, link_id: UUID) -> None:
        try:
            await self.remove(link_id)
        except NotFound:
            return  # somebody else has done so


async def _as_it_was(_account: str, roles: list[str]) -> list[str] | None:
    return roles
