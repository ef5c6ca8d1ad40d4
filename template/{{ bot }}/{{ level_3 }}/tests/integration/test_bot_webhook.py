"""The webhook of the bot on the running system: whatever happens, an update is handled, and acts once."""

import asyncio
import datetime as dt
import itertools
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from aiogram.types import Update
from sqlalchemy import Interval, TextClause, bindparam
from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import create_async_engine

from chassis.bot_webhook.telling import MOST, PATH, SECRET_HEADER, WEBHOOK
from chassis_bot.bot import ChatBot
from chassis_bot.data.bot_updates.inbox import KEPT, LARGEST_ANSWER, SWEPT_AT_ONCE
from chassis_bot.testing.business_api import BusinessApi
from chassis_bot.testing.chatting import CHAT, ServedTelegram, running, until
from tests.integration.probe_bot import create_bot
from tests.integration.servers import RunningServer
from tests.integration.system import ROOT, Started, client_headers, system

PATIENCE_S = 60
BED = "/api/v1/beds"
HOST = "bot.example"
NOWHERE = "http://127.0.0.1:1"
BEGINS = itertools.count(10_000, 10_000)
"""All tests have one inbox, which knows the updates of the others."""


@pytest.fixture
def public(services: Mapping[str, Started]) -> str:
    """The address of the service that Telegram calls."""
    return next(one.url for one in services.values() if not one.service.upgrade)


@pytest.fixture
def keeper(services: Mapping[str, Started]) -> Started:
    """The service that keeps what comes."""
    return next(one for one in services.values() if one.service.in_database)


@pytest.fixture(autouse=True)
def known(
    monkeypatch: pytest.MonkeyPatch,
    telegram: ServedTelegram,
    business_api: BusinessApi,
    keeper: Started,
    others: Mapping[str, RunningServer],
) -> None:
    """What a bot is told, in this process and in one of its own."""
    told = {
        **system().stand_ins,
        **system().defaults,
        "APP_ENV": "test",
        "BOT_SERVER": telegram.url_with_token,
        "BOT_WEBHOOK_URL": f"https://{HOST}",
        "BOT_INBOX_LEASE": "0.6",
        "API_URL": business_api.url,
        "DATA_API_URL": keeper.url,
        "REDIS_URL": others["redis"].url,
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(autouse=True)
def reached(telegram: ServedTelegram, public: str) -> None:
    telegram.ways[HOST] = public
    telegram.numbers = itertools.count(next(BEGINS))


@asynccontextmanager
async def bot(heard: list[str] | None = None) -> AsyncIterator[ChatBot]:
    """Run a bot in this process; with a list it does nothing but take note of what it handles."""

    async def feed(update: Update) -> None:
        assert heard is not None
        assert update.message
        heard.append(str(update.message.text))

    built = create_bot()
    if heard is not None:
        built.handling.feed = feed
    async with running(built):
        yield built


@contextmanager
def killed(log: Path) -> Iterator[None]:
    """Run a bot in a process of its own, and kill it at the end."""
    command = [sys.executable, "-m", "chassis_bot", "tests.integration.probe_bot:create_bot"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603
            command, cwd=ROOT, env=environment, stdout=out, stderr=out
        )
    try:
        yield
    finally:
        process.kill()
        process.wait()


async def waits(keeper: Started) -> list[int]:
    """Give the numbers of updates that wait in the inbox."""
    async with httpx2.AsyncClient(headers=dict(client_headers(keeper.service))) as http:
        answer = (await http.get(f"{keeper.url}{PATH}/waiting")).raise_for_status()
    return [one["update_id"] for one in answer.json()]


async def told(public: str, update: Mapping[str, Any], secret: str | None = None) -> int:
    """Tell the webhook of an update, by its secret unless another is given; give the status."""
    known = os.environ["BOT_WEBHOOK_SECRET"] if secret is None else secret
    headers = {SECRET_HEADER: known} if known else {}
    async with httpx2.AsyncClient(base_url=public, timeout=PATIENCE_S) as http:
        return (await http.post(WEBHOOK, json=update, headers=headers)).status_code


async def answered(telegram: ServedTelegram, act: Callable[[], int]) -> None:
    """Do something, and wait until the bot says something to it."""
    said = len(telegram.chats[CHAT].messages)
    act()
    await until(
        lambda: any(one["from"]["is_bot"] for one in telegram.chats[CHAT].messages[said:]),
        PATIENCE_S,
    )


async def fill_in(telegram: ServedTelegram) -> None:
    """Go through a dialogue up to the button that creates."""
    await answered(telegram, lambda: telegram.say(CHAT, "/new_bed"))
    await answered(telegram, lambda: telegram.say(CHAT, "roses"))
    assert "Create" in telegram.chats[CHAT].buttons


async def test_what_is_told_twenty_times_acts_once_and_what_is_forged_not_at_all(
    telegram: ServedTelegram, business_api: BusinessApi, public: str, keeper: Started
) -> None:
    async with bot():
        await fill_in(telegram)
        telegram.ways[HOST] = NOWHERE
        telegram.press(CHAT, "Create")
        (pressed,) = telegram.updates
        forged = {**pressed, "update_id": pressed["update_id"] + 1}
        assert await told(public, forged, "another") == 400
        assert await told(public, forged, "") == 400

        statuses = await asyncio.gather(*(told(public, pressed) for _ in range(20)))

        assert set(statuses) == {204}
        await until(lambda: bool(business_api.created(BED)), PATIENCE_S)
        telegram.ways[HOST] = public
        await telegram.confirmed(pressed["update_id"], PATIENCE_S)
        await answered(telegram, lambda: telegram.say(CHAT, "/help"))

    assert telegram.sent[-2][1] == 204, "Telegram has heard of it at last"
    assert (pressed["update_id"], 0) in telegram.sent
    assert business_api.created(BED) == [{"name": "roses"}]
    assert await waits(keeper) == []


async def test_from_asking_to_a_webhook_and_back_nothing_is_lost(
    telegram: ServedTelegram, public: str, keeper: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    with monkeypatch.context() as patch:
        patch.delenv("BOT_WEBHOOK_URL")
        async with bot(heard):
            telegram.say(CHAT, "one")
            await until(lambda: heard == ["one"], PATIENCE_S)
        telegram.say(CHAT, "two")
    async with bot(heard):
        await until(lambda: heard == ["one", "two"], PATIENCE_S)
    for text in ("three", "four", "five"):  # the bot is away, and they come in another order
        telegram.say(CHAT, text)
    for update in reversed(telegram.updates):
        assert await told(public, update) == 204
    with monkeypatch.context() as patch:
        patch.delenv("BOT_WEBHOOK_URL")
        async with bot(heard):
            telegram.say(CHAT, "six")
            await until(lambda: "six" in heard and not telegram.updates, PATIENCE_S)

    assert list(dict.fromkeys(heard)) == ["one", "two", "three", "four", "five", "six"]
    assert await waits(keeper) == []
    assert telegram.updates == []


async def done_before(database_url: str, ages: Mapping[int, dt.timedelta]) -> None:
    """Have updates in the inbox that were done so long ago."""
    done = sql("INSERT INTO bot_updates (update_id, done_at) VALUES (:number, now() - :age)")
    rows = [{"number": number, "age": age} for number, age in ages.items()]
    await run_sql(database_url, done.bindparams(bindparam("age", type_=Interval())), rows)


async def run_sql(
    database_url: str, statement: TextClause, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Do something that no service does, for each of these."""
    engine = create_async_engine(database_url)
    try:
        async with engine.begin() as connection:
            await connection.execute(statement, rows)
    finally:
        await engine.dispose()


async def test_a_number_that_was_done_long_ago_counts_as_new_and_a_fresh_one_does_not(
    telegram: ServedTelegram, public: str, keeper: Started, database_url: str
) -> None:
    """More is old than is forgotten at once, so the last may still be there."""
    heard: list[str] = []
    telegram.say(CHAT, "again")
    update = telegram.updates.pop()
    first = update["update_id"]
    last, fresh = first + SWEPT_AT_ONCE, first + SWEPT_AT_ONCE + 1
    old = dict.fromkeys(range(first, fresh), KEPT * 4)
    await done_before(database_url, {**old, fresh: KEPT / 2})

    for number in (last, fresh):
        assert await told(public, {**update, "update_id": number}) == 204

    assert await waits(keeper) == [last]
    async with bot(heard):
        await until(lambda: heard == ["again"], PATIENCE_S)
    assert await waits(keeper) == []


async def test_what_no_answer_can_hold_hides_nothing_of_the_others(
    telegram: ServedTelegram, public: str, keeper: Started, database_url: str
) -> None:
    telegram.say(CHAT, "one")
    update = telegram.updates.pop()
    first = update["update_id"]
    last = first + MOST + 1
    bodies = {first: "x" * (LARGEST_ANSWER + 1), **dict.fromkeys(range(first + 1, last))}
    broken = [{"number": number, "body": body} for number, body in bodies.items()]
    keep = sql("INSERT INTO bot_updates (update_id, body) VALUES (:number, :body)")
    await run_sql(database_url, keep, broken)

    assert await told(public, {**update, "update_id": last}) == 204

    assert await waits(keeper) == [last]
    mend = sql("DELETE FROM bot_updates WHERE update_id = :number")
    await run_sql(database_url, mend, [*broken, {"number": last}])


async def test_a_bot_that_is_killed_in_the_middle_of_an_update_acts_once(
    telegram: ServedTelegram, business_api: BusinessApi, keeper: Started, logs: Path
) -> None:
    log = logs / "bot.log"
    with killed(log):
        await fill_in(telegram)
        business_api.answering.clear()
        telegram.press(CHAT, "Create")
        await until(lambda: bool(business_api.created(BED)), PATIENCE_S)
    business_api.answering.set()
    assert len(await waits(keeper)) == 1, "it is not marked as done"

    async with bot():
        await until(lambda: "is created" in telegram.chats[CHAT].texts[-1], PATIENCE_S)

    assert business_api.created(BED) == [{"name": "roses"}]
    assert await waits(keeper) == []
    assert os.environ["BOT_WEBHOOK_SECRET"] not in log.read_text()
    assert telegram.token not in log.read_text()
