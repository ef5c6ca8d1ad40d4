"""A chat may what the account may that is linked to it, on the running system; the audit log names it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import httpx2
import pytest
from pydantic import BaseModel
from tools.dev.system import base_environment

from chassis.audit.entries import AUDIT
from chassis.audit.trail import REFUSE
from chassis.bot_linking.links import PATH
from chassis.http_client import Reply, Request
from chassis.identity import Principal
from chassis_bot import admission
from chassis_bot.bot import ChatBot, Script, build_bot
from chassis_bot.features import BotSettings
from chassis_bot.records import Collection
from chassis_bot.testing.chatting import CHAT, Chatting, ServedTelegram, running
from tests.integration.collections import Records, collections
from tests.integration.system import ROOT, Started, document, system
from tests.integration.users import logged_in

PATIENCE_S = 20


class Nothing(BaseModel):
    """A record without fields: what is asked is only who may create one."""


@pytest.fixture(autouse=True)
def only_who_is_known(
    ask_as: Callable[[Principal | None], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    ask_as(Principal("keeper", frozenset({"admin"})))
    monkeypatch.setattr(admission, "admits", lambda settings, chat: chat in settings.bot_chats)


@pytest.fixture
def keeper(services: Mapping[str, Started]) -> Started:
    """The service that keeps links."""
    return next(one for one in services.values() if one.service.in_database)


@pytest.fixture
def public(services: Mapping[str, Started]) -> Started:
    """The service that users call."""
    return next(one for one in services.values() if not one.service.upgrade)


@pytest.fixture
def path(public: Started) -> str:
    """A collection of it in which records can be made."""
    with httpx2.Client(base_url=public.url, timeout=PATIENCE_S) as http:
        made = Records(http, document(public.service.name))
        for one in collections(made.document):
            if made.try_to_create(one)[0].status_code == httpx2.codes.CREATED:
                return one.path
    pytest.skip("it has no collection that takes what its schema allows")


@pytest.fixture
async def bot(
    public: Started, keeper: Started, path: str, telegram: ServedTelegram, memory_redis: object
) -> AsyncIterator[ChatBot]:
    settings = BotSettings(
        bot_server=telegram.url_with_token,
        api_url=public.url,
        data_api_url=keeper.url,
        service_key=known()["SERVICE_KEY"],
    )
    things = Collection(name="thing", plural="things", path=path, new=Nothing)
    bot = build_bot("probe_bot", Script([things]), settings)
    async with running(bot):
        yield bot


@pytest.fixture
def chat(bot: ChatBot, telegram: ServedTelegram) -> Chatting:
    return Chatting(telegram, patience_s=PATIENCE_S)


def known() -> Mapping[str, str]:
    return base_environment(ROOT, (), system().stand_ins)


def message(public: Started, headers: Mapping[str, str]) -> str:
    """Ask for what links a chat."""
    answer = httpx2.post(f"{public.url}{PATH}", headers=headers)
    assert answer.status_code == httpx2.codes.CREATED, answer.text
    return str(answer.json()["message"])


async def entries(public: Started, **asked: str) -> list[dict[str, Any]]:
    """Wait until the audit log has some, and give them."""
    async with asyncio.timeout(PATIENCE_S), httpx2.AsyncClient(base_url=public.url) as http:
        while True:
            found: list[dict[str, Any]] = (await http.get(AUDIT, params=asked)).json()["items"]
            if found:
                return found
            await asyncio.sleep(0.1)


async def test_a_reader_reads_in_a_chat_and_no_more(
    chat: Chatting, public: Started, path: str
) -> None:
    anna, headers = logged_in(public, "reader")
    assert "does not know this chat" in await chat.say("/things")

    await chat.say(message(public, headers))

    assert (await chat.say("/things")).startswith("Things, page 1")
    await chat.say("/new_thing")
    assert await chat.press("Create") == "You may not do that."
    (refused, *_) = await entries(public, actor=anna, action=REFUSE)
    assert refused["subject"] == f"POST {path}"
    (link,) = httpx2.get(f"{public.url}{PATH}", headers=headers).json()["items"]
    assert link["chat"] == CHAT
    assert httpx2.delete(f"{public.url}{PATH}/{link['id']}", headers=headers).is_success
    assert "does not know this chat" in await chat.say("/things")


async def test_what_an_account_does_in_a_chat_is_in_the_audit_log_as_done_by_it(
    bot: ChatBot, chat: Chatting, public: Started, path: str
) -> None:
    anna, headers = logged_in(public, "admin")
    await chat.say(message(public, headers))
    sent: dict[str, str] = {}

    async def keep(request: Request) -> Reply:
        sent.update(request.headers or {})
        return Reply(200, b"")

    async with bot.handling.entered(CHAT):  # as whatever is done for the chat is sent
        await bot.state.signed_calls(Request("POST", f"{public.url}{path}", None, None), keep)
    with httpx2.Client(base_url=public.url, timeout=PATIENCE_S, headers=sent) as http:
        made = Records(http, document(public.service.name))
        one = next(one for one in collections(made.document) if one.path == path)
        record = made.create(one)
        made.remove_all()

    (created,) = await entries(public, actor=anna, action="create", subject_id=record["id"])
    assert created["subject"] == one.table


async def test_a_token_of_one_account_links_one_chat(
    bot: ChatBot, public: Started, telegram: ServedTelegram
) -> None:
    numbers = (CHAT + 1, CHAT + 2)  # which no other test has linked
    chat, thief = (Chatting(telegram, number, PATIENCE_S) for number in numbers)
    _, headers = logged_in(public, "reader")
    text = message(public, headers)
    told = await asyncio.gather(chat.say(text), thief.say(text))

    assert sorted(one.startswith("This token is wrong") for one in told) == [False, True]
    linked = []
    for number in numbers:
        async with bot.handling.entered(number) as admitted:
            linked.append(admitted)
    assert sorted(linked) == [False, True]
