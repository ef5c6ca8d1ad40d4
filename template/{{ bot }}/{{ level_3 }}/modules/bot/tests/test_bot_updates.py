"""The inbox of the bot, as the data service keeps it."""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

import pytest
from httpx2 import ASGITransport, AsyncClient
from sqlalchemy.dialects.postgresql.base import PGDialect

from chassis.access_log import LOGGER
from chassis.bot_webhook.telling import LARGEST, LARGEST_ID, MOST, PATH, BotUpdateRead
from chassis.database.app import build_data_app
from chassis.database.features import DataSettings
from chassis_bot.data.bot_updates.inbox import LARGEST_ANSWER, UpdateInbox
from chassis_bot.data.bot_updates.routes import update_inbox

if TYPE_CHECKING:
    from fastapi import FastAPI

    from chassis.database import Database

DIALECT = PGDialect(paramstyle="named")  # type: ignore[no-untyped-call]


class MemoryInbox:
    """An inbox in memory."""

    def __init__(self) -> None:
        self.kept: dict[int, str | None] = {}

    async def keep(self, update_id: int, body: str) -> None:
        self.kept.setdefault(update_id, body)

    async def waiting(self, after: int) -> Sequence[BotUpdateRead]:
        there = sorted(
            (number, body)
            for number, body in self.kept.items()
            if body is not None and number > after
        )
        return [BotUpdateRead(update_id=number, body=body) for number, body in there]

    async def end(self, update_ids: Sequence[int]) -> None:
        self.kept |= dict.fromkeys(update_ids)


class Rows:
    """A database that answers every statement with these rows, and notes what it is asked."""

    def __init__(self, *rows: dict[str, Any]) -> None:
        self.rows = rows
        self.asked: list[str] = []

    @asynccontextmanager
    async def connect(self) -> AsyncIterator["Rows"]:
        yield self

    begin = connect

    async def execute(self, statement: Any) -> "Rows":
        self.asked.append(" ".join(str(statement.compile(dialect=DIALECT)).split()))
        return self

    def mappings(self) -> "Rows":
        return self

    def all(self) -> Sequence[dict[str, Any]]:
        return self.rows


@pytest.fixture
def inbox() -> MemoryInbox:
    return MemoryInbox()


@pytest.fixture
async def client(inbox: MemoryInbox) -> AsyncIterator[AsyncClient]:
    settings = DataSettings(database_url="postgresql://nobody@127.0.0.1:1/none")
    app: FastAPI = build_data_app("Garden data", [], settings)
    app.dependency_overrides[update_inbox] = lambda: inbox
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://data") as client:
        yield client


async def test_updates_are_kept_once_until_they_are_done(client: AsyncClient) -> None:
    for number in (9, 7, 8, 7):
        body = {"body": f'{{"update_id": {number}}}'}
        assert (await client.put(f"{PATH}/{number}", json=body)).status_code == 204

    waiting = (await client.get(f"{PATH}/waiting")).json()
    assert [one["update_id"] for one in waiting] == [7, 8, 9]
    more = (await client.get(f"{PATH}/waiting", params={"after": 7})).json()
    assert [one["update_id"] for one in more] == [8, 9]
    for _ in range(2):
        answer = await client.put(f"{PATH}/done", json={"update_ids": [7, 8, 1]})
        assert answer.status_code == 204
    waiting = (await client.get(f"{PATH}/waiting")).json()
    assert waiting == [{"update_id": 9, "body": '{"update_id": 9}'}]


@pytest.mark.parametrize(
    ("number", "body"),
    [
        ("x", {"body": "{}"}),
        ("-1", {"body": "{}"}),
        (str(LARGEST_ID + 1), {"body": "{}"}),
        ("7", {"body": ""}),
        ("7", {"body": "x" * (LARGEST + 1)}),
        ("7", {"body": "a\0b"}),
        ("7", {"body": {}}),
        ("7", {}),
        ("done", {"update_ids": []}),
        ("done", {"update_ids": [True]}),
        ("done", {"update_ids": [*range(MOST + 1)]}),
    ],
)
async def test_what_is_no_update_is_refused(
    client: AsyncClient, inbox: MemoryInbox, number: str, body: dict[str, Any]
) -> None:
    assert (await client.put(f"{PATH}/{number}", json=body)).status_code == 422
    assert inbox.kept == {}


async def test_what_the_bot_asks_is_logged_only_where_it_fails(
    client: AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, LOGGER)

    await client.get(f"{PATH}/waiting")
    await client.get(f"{PATH}/waiting", params={"after": "x"})
    await client.put(f"{PATH}/7", json={"body": "{}"})

    told = [one.getMessage().split()[:3] for one in caplog.records if one.name == LOGGER]
    assert told == [["GET", f"{PATH}/waiting", "422"], ["PUT", f"{PATH}/{{update_id}}", "204"]]


@pytest.mark.parametrize("after", ["x", "-2", str(LARGEST_ID + 1)])
async def test_what_is_no_number_is_refused(client: AsyncClient, after: str) -> None:
    assert (await client.get(f"{PATH}/waiting", params={"after": after})).status_code == 422


async def test_what_was_done_long_ago_is_forgotten_before_something_is_kept() -> None:
    rows = Rows()

    await UpdateInbox(cast("Database", rows)).keep(7, "{}")

    forgotten, kept = rows.asked
    assert forgotten.startswith("DELETE FROM bot_updates WHERE bot_updates.update_id IN (SELECT")
    old = "bot_updates.done_at < now() - "
    assert f"WHERE {old}" in forgotten
    assert " LIMIT " in forgotten
    assert forgotten.endswith("FOR UPDATE SKIP LOCKED)")
    assert "ON CONFLICT (update_id) DO UPDATE SET body = " in kept
    assert f"WHERE {old}" in kept


async def test_those_after_a_number_are_given_in_order() -> None:
    rows = Rows()

    await UpdateInbox(cast("Database", rows)).waiting(7)

    (asked,) = rows.asked
    assert "bot_updates.done_at IS NULL AND bot_updates.update_id > " in asked
    assert "AND length(bot_updates.body) <= " in asked
    assert "ORDER BY bot_updates.update_id LIMIT " in asked


async def test_what_people_wrote_is_not_kept_when_it_is_done() -> None:
    rows = Rows()

    await UpdateInbox(cast("Database", rows)).end([7, 8])

    (asked,) = rows.asked
    assert asked.startswith("UPDATE bot_updates SET body=")
    assert "done_at IS NULL" in asked


async def test_an_answer_has_as_many_updates_as_fit() -> None:
    large = [{"update_id": one, "body": "x" * LARGEST} for one in range(20)]
    inbox = UpdateInbox(cast("Database", Rows(*large)))

    given = await inbox.waiting(-1)

    assert len(given) == LARGEST_ANSWER // LARGEST
    assert [one.update_id for one in given] == [*range(len(given))]
