"""What a chat does that is linked, it does as the account; a token links one chat, with one person."""

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiogram import Router
from aiogram.filters import Command
from aiogram.types import Message
from aiohttp import web
from pydantic import SecretStr

from chassis.bot_linking.links import PATH, BotLinkRead, LinkTokens
from chassis.identity import current
from chassis.problems import Unavailable
from chassis_bot.admission import admits
from chassis_bot.bot import ChatBot, Script, build_bot
from chassis_bot.features import BotSettings
from chassis_bot.talk import Talk
from chassis_bot.testing.business_api import BusinessApi, at_a_port
from chassis_bot.testing.chatting import CHAT, Chatting, ServedTelegram, running
from chassis_bot.texts import Texts

KEY = "k" * 32
GROUP = -100
LANGUAGES = {"de": Texts(more={"linked": "Verbunden.", "not_admitted": "Wer ist {chat}?"})}
NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)


class KeptLinks:
    """Links, as the data service keeps them."""

    def __init__(self) -> None:
        self.waiting: dict[UUID, str] = {}
        self.chats: dict[int, BotLinkRead] = {}
        self.away = False

    def token(self, account: str = "anna") -> str:
        """Make a token of a link that waits."""
        link = uuid4()
        self.waiting[link] = account
        return LinkTokens(KEY).of(link)

    def application(self) -> web.Application:
        """Give what serves them."""
        application = web.Application()
        application.add_routes(
            [
                web.get(f"{PATH}/chats/{{chat}}", self._of_chat),
                web.put(f"{PATH}/{{id}}/chat", self._take),
                web.delete(f"{PATH}/{{id}}", self._end),
            ]
        )
        return application

    async def _of_chat(self, request: web.Request) -> web.Response:
        if self.away:
            return web.json_response({"detail": "Not now."}, status=503)
        link = self.chats.get(int(request.match_info["chat"]))
        if link is None:
            return web.json_response({"detail": "There is none."}, status=404)
        return web.json_response(text=link.model_dump_json())

    async def _take(self, request: web.Request) -> web.Response:
        link, body = UUID(request.match_info["id"]), await request.json()
        account = self.waiting.pop(link, None)
        if account is None:
            return web.json_response({"detail": "It was used."}, status=404)
        self.chats[body["chat"]] = BotLinkRead(
            id=link,
            account=account,
            roles=["reader"],
            chat=body["chat"],
            ends_at=body["ends_at"],
            created_at=NOON,
            updated_at=NOON,
            version=1,
        )
        return web.json_response({})

    async def _end(self, request: web.Request) -> web.Response:
        link = UUID(request.match_info["id"])
        if "waiting" in request.query and link not in self.waiting:
            return web.json_response({"detail": "There is none."}, status=404)
        known = [chat for chat, one in self.chats.items() if one.id == link]
        if not known and self.waiting.pop(link, None) is None:
            return web.json_response({"detail": "There is none."}, status=404)
        for chat in known:
            del self.chats[chat]
        return web.Response(status=204)


async def tell_who(_message: Message, talk: Talk) -> None:
    who = current()
    told = f"{who.identity} {sorted(who.roles)} by {who.service}" if who else "the bot"
    await talk.say(told)


def join(router: Router) -> None:
    router.message(Command("who"))(tell_who)


@pytest.fixture
def links() -> KeptLinks:
    return KeptLinks()


@asynccontextmanager
async def talking(
    links: KeptLinks, settings: BotSettings, **changes: Any
) -> AsyncIterator[ChatBot]:
    """Run a bot of a garden whose links are these."""
    async with at_a_port(links.application()) as url:
        own = {"data_api_url": url, "service_key": SecretStr(KEY), **changes}
        script = Script(languages=LANGUAGES, join=join)
        bot = build_bot("garden_bot", script, settings.model_copy(update=own))
        async with running(bot):
            yield bot


@pytest.fixture
async def bot(
    links: KeptLinks, settings: BotSettings, memory_redis: object, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ChatBot]:
    monkeypatch.setattr("chassis_bot.admission.admits", admits)
    async with talking(links, settings) as bot:
        yield bot


@pytest.fixture
def ann(bot: ChatBot, telegram: ServedTelegram) -> Chatting:
    return Chatting(telegram)


async def test_a_chat_acts_as_the_account_that_is_linked_to_it(
    ann: Chatting, links: KeptLinks
) -> None:
    assert "does not know this chat" in await ann.say("/who")

    assert "you act as yourself" in await ann.say(f"/start {links.token()}")

    assert await ann.say("/who") == "anna ['reader'] by garden_bot"
    assert "linked to no account any more" in await ann.say("/unlink")
    assert "does not know this chat" in await ann.say("/who")
    assert await ann.say("/unlink") == "This chat is linked to no account."


async def test_a_token_is_good_once(
    ann: Chatting, links: KeptLinks, telegram: ServedTelegram
) -> None:
    token = links.token()
    await ann.say(f"/start {token}")

    thief = Chatting(telegram, 8)
    assert (await thief.say(f"/start {token}")).startswith("This token is wrong")
    assert "does not know this chat" in await thief.say("/who")
    assert await ann.say("/who") == "anna ['reader'] by garden_bot"


async def test_what_nobody_has_signed_is_not_even_asked_for(
    ann: Chatting, links: KeptLinks, caplog: pytest.LogCaptureFixture
) -> None:
    forged = LinkTokens("x" * 32).of(uuid4())

    assert (await ann.say(f"/start {forged}")).startswith("This token is wrong")

    assert "that nobody has signed" in caplog.text
    assert forged not in caplog.text
    assert "does not know this chat" in await ann.say("/start welcome")


async def test_a_group_is_not_linked_and_the_token_that_it_saw_is_good_for_nothing(
    bot: ChatBot, ann: Chatting, links: KeptLinks, telegram: ServedTelegram
) -> None:
    token = links.token()
    group = Chatting(telegram, GROUP)

    assert (await group.say(f"/start {token}")).startswith("Others can read this")

    assert not links.waiting
    assert (await ann.say(f"/start {token}")).startswith("This token is wrong")
    async with bot.handling.entered(GROUP) as admitted:
        assert not admitted


async def test_a_token_of_a_link_in_use_ends_nothing_when_a_group_sees_it(
    ann: Chatting, links: KeptLinks, telegram: ServedTelegram
) -> None:
    token = links.token()
    await ann.say(f"/start {token}")

    assert (await Chatting(telegram, GROUP).say(f"/start {token}")).startswith("Others can read")

    assert await ann.say("/who") == "anna ['reader'] by garden_bot"


async def test_what_is_said_of_links_is_in_the_language_of_who_reads_it(
    ann: Chatting, links: KeptLinks
) -> None:
    german = {"from": {"id": CHAT, "is_bot": False, "first_name": "Anna", "language_code": "de"}}

    assert await ann.say("/who", **german) == f"Wer ist {CHAT}?"
    assert await ann.say(f"/start {links.token()}", **german) == "Verbunden."
    assert await ann.say("/unlink", **german) == "This chat is linked to no account any more."


async def test_nobody_acts_as_the_bot_while_it_is_not_known_who_it_is(
    links: KeptLinks,
    settings: BotSettings,
    telegram: ServedTelegram,
    memory_redis: object,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chassis_bot.admission.admits", admits)
    async with talking(links, settings, bot_chats=frozenset({CHAT})):
        chat = Chatting(telegram)
        assert await chat.say("/who") == "the bot"
        await chat.say(f"/start {links.token('ben')}")
        assert await chat.say("/who") == "ben ['reader'] by garden_bot"

        links.away = True

        assert "nothing was done" in await chat.say("/who")


async def test_an_account_is_told_only_of_what_it_may_read(
    bot: ChatBot, links: KeptLinks, business_api: BusinessApi, ann: Chatting
) -> None:
    await ann.say(f"/start {links.token()}")
    bed = business_api.keep("/api/v1/beds", name="roses")
    async with bot.handling.entered(CHAT):
        assert await bot.handling.may_read(f"/api/v1/beds/{bed['id']}")
        assert not await bot.handling.may_read(f"/api/v1/beds/{uuid4()}")
        with pytest.raises(Unavailable):
            await bot.handling.may_read("/api/v1/beds")  # no record: the answer is another one
    async with bot.handling.entered(GROUP):
        assert await bot.handling.may_read("/api/v1/nothing"), "as the bot itself"
