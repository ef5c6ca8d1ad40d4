"""Links between chats and accounts: their tokens, and how the data service keeps them."""

import datetime as dt
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from httpx2 import ASGITransport, AsyncClient

from chassis.bot_linking.links import LONGEST_TOKEN, PATH, BotLinkChat, BotLinkRead, LinkTokens
from chassis.database.app import build_data_app
from chassis.database.features import DataSettings
from chassis.problems import NotFound
from chassis.schemas import ListQuery, Page
from chassis.testing.memory import MemoryRecords
from chassis_bot.data.bot_links.repository import BotLinks
from chassis_bot.data.bot_links.routes import bot_links

if TYPE_CHECKING:
    from fastapi import FastAPI

KEY, OTHER_KEY = "k" * 32, "o" * 32
CHAT, OTHER = 7, 8


class MemoryLinks(MemoryRecords[BotLinkRead], BotLinks):  # type: ignore[misc]  # `current` of either
    """Links in memory; whose account is named in `gone` has none."""

    def __init__(self) -> None:
        super().__init__(BotLinkRead)
        self.now = dt.datetime.now(dt.UTC)
        self._clock = lambda: self.now
        self.gone = set[str]()
        self.current = self.current_roles  # type: ignore[method-assign,assignment]

    async def current_roles(self, account: str, roles: list[str]) -> list[str] | None:
        return None if account in self.gone else [role.upper() for role in roles]

    async def add(self, new: Any) -> BotLinkRead:
        return await super().add({"chat": None, **new})

    async def list(self, query: ListQuery) -> Page[BotLinkRead]:
        asked = query.model_dump(include={"account", "chat"}, exclude_none=True)
        found = [await self.get(one) for one in self._kept]
        return Page(items=[one for one in found if asked.items() <= one.model_dump().items()])

    def later(self) -> str:
        """Say when a link ends that is made now."""
        return (self.now + dt.timedelta(minutes=1)).isoformat()

    @property
    def number(self) -> int:
        """Say how many there are."""
        return len(self._kept)


@pytest.fixture
def links() -> MemoryLinks:
    return MemoryLinks()


@pytest.fixture
async def client(links: MemoryLinks) -> AsyncIterator[AsyncClient]:
    settings = DataSettings(database_url="postgresql://nobody@127.0.0.1:1/none")
    app: FastAPI = build_data_app("Garden data", [], settings)
    app.dependency_overrides[bot_links] = links.given
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://data") as client:
        yield client


async def wait(client: AsyncClient, links: MemoryLinks, account: str = "anna") -> str:
    """Keep a link that waits; give where it is."""
    body = {"account": account, "roles": ["reader"], "ends_at": links.later()}
    made = await client.post(PATH, json=body)
    assert made.status_code == 201, made.text
    return made.headers["Location"]


async def take(client: AsyncClient, links: MemoryLinks, url: str, chat: int = CHAT) -> int:
    """Link a chat; give the status."""
    answer = await client.put(f"{url}/chat", json={"chat": chat, "ends_at": links.later()})
    return answer.status_code


async def account_of(client: AsyncClient, chat: int = CHAT) -> str | None:
    answer = await client.get(f"{PATH}/chats/{chat}")
    return answer.json()["account"] if answer.status_code == 200 else None


async def test_a_chat_acts_as_an_account_until_the_link_ends(
    client: AsyncClient, links: MemoryLinks
) -> None:
    url = await wait(client, links)
    assert await account_of(client) is None

    assert await take(client, links, url) == 200

    answer = await client.get(f"{PATH}/chats/{CHAT}")
    assert (answer.json()["account"], answer.json()["roles"]) == ("anna", ["READER"])
    assert await account_of(client, OTHER) is None
    assert (await client.delete(url, params={"account": "ben"})).status_code == 404
    assert await account_of(client) == "anna"
    assert (await client.delete(url, params={"account": "anna"})).status_code == 204
    assert await account_of(client) is None


async def test_a_token_is_good_for_one_chat_once(client: AsyncClient, links: MemoryLinks) -> None:
    url = await wait(client, links)
    assert await take(client, links, url) == 200
    assert await take(client, links, url) == 200, "the update comes again"
    assert await take(client, links, url, OTHER) == 404

    assert await account_of(client, OTHER) is None
    await client.delete(url)
    assert await take(client, links, url) == 404, "it was used"


async def test_a_link_that_a_chat_has_is_no_longer_one_that_waits(
    client: AsyncClient, links: MemoryLinks
) -> None:
    taken, waiting = await wait(client, links), await wait(client, links, "ben")
    assert await take(client, links, taken) == 200

    assert (await client.delete(taken, params={"waiting": "true"})).status_code == 404
    assert (await client.delete(waiting, params={"waiting": "true"})).status_code == 204

    assert await account_of(client) == "anna"
    assert await take(client, links, waiting, OTHER) == 404
    assert (await client.delete(taken, params={"waiting": "false"})).status_code == 204


async def test_of_two_chats_at_the_same_moment_one_has_it(links: MemoryLinks) -> None:
    made = await links.add({"account": "anna", "roles": [], "ends_at": links.later()})
    await links.change(made.id, {"roles": ["editor"]})  # what another chat does meanwhile

    changed = links.change(made.id, {"chat": OTHER}, made.version)

    with pytest.raises(Exception, match="changed by somebody else"):
        await changed


async def test_tokens_and_links_end(client: AsyncClient, links: MemoryLinks) -> None:
    late, taken = await wait(client, links), await wait(client, links, "ben")
    assert await take(client, links, taken, OTHER) == 200
    links.now += dt.timedelta(minutes=2)

    assert await take(client, links, late) == 404
    assert await account_of(client, OTHER) is None


async def test_an_account_has_one_link_that_waits(client: AsyncClient, links: MemoryLinks) -> None:
    taken, before = await wait(client, links), None
    await take(client, links, taken)
    for _ in range(3):
        before, url = before or await wait(client, links), await wait(client, links)

    assert links.number == 2
    assert await take(client, links, str(before), OTHER) == 404
    assert await take(client, links, url, OTHER) == 200
    assert await account_of(client) == "anna", "the chat that was linked before still is"
    listed = await client.get(PATH, params={"account": "anna"})
    assert {one["chat"] for one in listed.json()["items"]} == {CHAT, OTHER}


async def test_a_chat_acts_as_the_account_that_was_linked_last(
    client: AsyncClient, links: MemoryLinks
) -> None:
    for account in ("anna", "ben"):
        assert await take(client, links, await wait(client, links, account)) == 200

    assert await account_of(client) == "ben"
    assert links.number == 1


async def test_what_is_no_account_any_more_may_nothing(
    client: AsyncClient, links: MemoryLinks
) -> None:
    await take(client, links, await wait(client, links))
    links.gone.add("anna")

    assert await account_of(client) is None
    body = {"account": "anna", "roles": [], "ends_at": links.later()}
    assert (await client.post(PATH, json=body)).status_code == 409


@pytest.mark.parametrize("chat", [0, -100, "x", 2**60])
async def test_groups_are_not_linked(client: AsyncClient, links: MemoryLinks, chat: Any) -> None:
    body = {"chat": chat, "ends_at": links.later()}

    assert (await client.put(f"{PATH}/{uuid4()}/chat", json=body)).status_code == 422
    assert (await client.get(f"{PATH}/chats/{chat}")).status_code == 422


async def test_who_ends_a_link_at_the_same_moment_is_right(links: MemoryLinks) -> None:
    await links._forget(uuid4())

    with pytest.raises(NotFound):
        await links.take(uuid4(), BotLinkChat(chat=CHAT, ends_at=links.now))


def test_a_token_is_read_by_the_key_that_has_signed_it_and_no_other() -> None:
    link = uuid4()
    token = LinkTokens(KEY).of(link)

    assert len(token) == LONGEST_TOKEN
    assert LinkTokens(KEY).read(token) == link
    assert LinkTokens(OTHER_KEY, KEY).read(token) == link, "while the key changes"
    assert LinkTokens(OTHER_KEY).read(token) is None
    assert LinkTokens("").read(token) is None
    assert LinkTokens("").of(link) == ""


@pytest.mark.parametrize("place", [0, 15, 30, 60])
def test_a_token_that_was_tampered_with_is_none(place: int) -> None:
    token = LinkTokens(KEY).of(UUID(int=7))
    changed = "B" if token[place] != "B" else "C"

    assert LinkTokens(KEY).read(token[:place] + changed + token[place + 1 :]) is None


@pytest.mark.parametrize("token", ["", "A", "A" * 64, "ä" * 64, "A" * 22])
def test_what_is_no_token_is_none(token: str) -> None:
    assert LinkTokens(KEY).read(token) is None
