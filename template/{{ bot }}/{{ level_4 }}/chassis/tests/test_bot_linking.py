"""Who is logged in gets a token for a chat, sees the chats that act as the account, and ends that."""

import datetime as dt
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID, uuid4

import pytest
from httpx2 import ASGITransport, AsyncClient

from chassis.app import build_app
from chassis.bot_linking.keeping import OwnLinks
from chassis.bot_linking.links import PATH, BotLinkQuery, BotLinkRead, LinkTokens
from chassis.features import FeatureSettings
from chassis.http_client import Reply
from chassis.identity import Principal
from chassis.problems import NotFound
from chassis.schemas import Page

if TYPE_CHECKING:
    from fastapi import FastAPI

KEY = "k" * 32
ANNA, BEN = Principal("anna", frozenset({"reader"})), Principal("ben", frozenset({"admin"}))

type AskAs = Callable[[Principal | None], None]


class KeptLinks:
    """What the data service keeps."""

    def __init__(self) -> None:
        self.kept: dict[UUID, BotLinkRead] = {}

    async def begin(self, principal: Principal) -> BotLinkRead:
        now = dt.datetime.now(dt.UTC)
        link = BotLinkRead(
            id=uuid4(),
            account=principal.identity,
            roles=sorted(principal.roles),
            chat=None,
            ends_at=now,
            created_at=now,
            updated_at=now,
            version=1,
        )
        self.kept[link.id] = link
        return link

    async def list(self, query: BotLinkQuery) -> Page[BotLinkRead]:
        return Page(items=[one for one in self.kept.values() if one.account == query.account])

    async def end(self, link: UUID, account: str | None) -> None:
        if account not in {None, self.kept[link].account}:
            raise NotFound("There is none.")
        del self.kept[link]


@pytest.fixture
def links() -> KeptLinks:
    return KeptLinks()


@pytest.fixture
async def client(links: KeptLinks, memory_redis: object) -> AsyncIterator[AsyncClient]:
    app: FastAPI = build_app("Garden", [], FeatureSettings(service_key=KEY))
    app.state.own_links = links
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://garden") as client:
        yield client


async def test_a_token_is_of_who_asks(client: AsyncClient, links: KeptLinks, ask_as: AskAs) -> None:
    ask_as(ANNA)
    answer = await client.post(PATH)

    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    (link,) = links.kept.values()
    assert (link.account, link.roles) == ("anna", ["reader"])
    assert LinkTokens(KEY).read(answer.json()["token"]) == link.id
    assert answer.json()["message"] == f"/start {answer.json()['token']}"


async def test_everybody_sees_and_ends_the_own_links(
    client: AsyncClient, links: KeptLinks, ask_as: AskAs
) -> None:
    link = await links.begin(ANNA)
    await links.begin(BEN)
    ask_as(ANNA)

    (listed,) = (await client.get(PATH)).json()["items"]
    assert (listed["id"], listed["account"]) == (str(link.id), "anna")
    assert "roles" not in listed
    assert (await client.delete(f"{PATH}/{link.id}")).status_code == 204
    assert link.id not in links.kept


async def test_those_of_others_are_for_who_may(
    client: AsyncClient, links: KeptLinks, ask_as: AskAs
) -> None:
    own, of_ben = await links.begin(ANNA), await links.begin(BEN)
    ask_as(ANNA)
    assert (await client.get(PATH, params={"account": "ben"})).status_code == 404
    assert (await client.delete(f"{PATH}/{of_ben.id}")).status_code == 404
    assert of_ben.id in links.kept

    ask_as(BEN)
    (listed,) = (await client.get(PATH, params={"account": "anna"})).json()["items"]
    assert listed["id"] == str(own.id)
    assert (await client.delete(f"{PATH}/{own.id}")).status_code == 204


async def test_a_chat_makes_no_token_for_another_one(
    client: AsyncClient, links: KeptLinks, ask_as: AskAs
) -> None:
    ask_as(Principal("anna", frozenset({"reader"}), "garden_bot"))

    assert (await client.post(PATH)).status_code == 409
    assert not links.kept


async def test_nobody_has_no_links(client: AsyncClient, ask_as: AskAs) -> None:
    ask_as(None)

    assert (await client.post(PATH)).status_code == 401


async def test_without_identity_there_is_nobody_to_link(
    links: KeptLinks, memory_redis: object, ask_as: AskAs
) -> None:
    ask_as(None)
    app = build_app("Garden", [], FeatureSettings(service_key=KEY, auth_mode="report"))
    app.state.own_links = links
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://garden") as client:
        assert (await client.post(PATH)).status_code == 404
        assert (await client.get(PATH)).status_code == 404
        link = await links.begin(ANNA)
        assert (await client.delete(f"{PATH}/{link.id}")).status_code == 404


async def test_the_token_ends_when_the_settings_say() -> None:
    sent: list[Any] = []

    class Http:
        async def post(self, url: str, *, json_body: bytes) -> Any:
            sent.append((url, json_body))
            raise NotFound("that is enough")

    links = OwnLinks(cast("Any", Http()), "http://data", 600)
    with pytest.raises(NotFound):
        await links.begin(ANNA)

    ((url, body),) = sent
    assert url == f"http://data{PATH}"
    assert b'"account":"anna","roles":["reader"]' in body


@pytest.mark.parametrize(
    ("account", "owned"), [("anna & ben", "?account=anna+%26+ben"), (None, "")]
)
async def test_a_link_is_ended_where_it_is_kept(account: str | None, owned: str) -> None:
    ended: list[str] = []

    class Http:
        async def delete(self, url: str) -> Reply:
            ended.append(url)
            return Reply(204, b"")

    link = uuid4()
    await OwnLinks(cast("Any", Http()), "http://data", 600).end(link, account)

    assert ended == [f"http://data{PATH}/{link}{owned}"]
