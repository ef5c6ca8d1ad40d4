"""The webhook of the bot: who has the secret is heard, and answered when the update is kept."""

import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import pytest
from httpx2 import ASGITransport, AsyncClient

from chassis.app import build_app
from chassis.bot_webhook.keeping import BotUpdates
from chassis.bot_webhook.telling import LARGEST, LARGEST_ID, SECRET_HEADER, WEBHOOK, check_secret
from chassis.features import FeatureSettings
from chassis.http_client import Reply
from chassis.problems import Unavailable

if TYPE_CHECKING:
    from fakeredis import FakeServer
    from fastapi import FastAPI

SECRET = "Telegram_knows-it"  # noqa: S105
BELL = "bell"
UPDATE = json.dumps({"update_id": 7, "message": {"text": "grüße, \\ud83d\\ude00"}}).encode()


class DataService:
    """Keeps what it is given, unless it is away."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.away = False

    async def put(self, url: str, *, json_body: bytes | None = None) -> Reply:
        if self.away:
            raise Unavailable("It does not answer.")
        self.kept[url] = json.loads(json_body or b"")["body"]
        return Reply(204, b"", "PUT")


@pytest.fixture
def data() -> DataService:
    return DataService()


@pytest.fixture
def app(data: DataService, memory_redis: "FakeServer") -> "FastAPI":
    app = build_app("Garden", [], FeatureSettings(bot_webhook_secret=SECRET))
    app.state.bot_updates_kept = BotUpdates(data, "http://data/", app.state.redis, BELL)
    return app


@pytest.fixture
async def client(app: "FastAPI") -> AsyncIterator[AsyncClient]:
    transport = ASGITransport(app=app)
    async with AsyncClient(transport=transport, base_url="http://garden") as client:
        yield client


async def told(client: AsyncClient, body: bytes, secret: str | None = SECRET) -> int:
    """Tell something as Telegram does; give the status of the answer."""
    headers = {b"Content-Type": b"application/json"}
    if secret is not None:
        headers[SECRET_HEADER.encode()] = secret.encode("latin-1")
    return (await client.post(WEBHOOK, content=body, headers=headers)).status_code


async def test_an_update_is_kept_as_it_came_and_the_bell_rings(
    app: "FastAPI", client: AsyncClient, data: DataService
) -> None:
    assert await told(client, UPDATE) == 204

    assert data.kept == {"http://data/api/v1/bot-updates/7": UPDATE.decode()}
    assert await app.state.redis.get(BELL)


@pytest.mark.parametrize("secret", [None, "", "another", f"{SECRET} ", SECRET[:-1], "ü" * 9])
async def test_who_has_not_the_secret_is_not_heard(
    client: AsyncClient, data: DataService, secret: str | None
) -> None:
    body = b"[" * 100_000  # it is not even read

    assert await told(client, UPDATE, secret) == 400
    assert await told(client, body, secret) == 400
    assert data.kept == {}


async def test_without_a_secret_nobody_is_heard(
    app: "FastAPI", client: AsyncClient, data: DataService
) -> None:
    app.state.settings.bot_webhook_secret = type(app.state.settings.bot_webhook_secret)("")

    assert await told(client, UPDATE, "") == 400
    assert await told(client, UPDATE, None) == 400
    assert data.kept == {}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'"7"',
        b"\xff\xfe",
        b'\xef\xbb\xbf{"update_id": 7}',
        b'{"update_id": 7, "x": "\xff"}',
        b'{"update_id": 7, "x": "\\ud800"}',
        b'{"update_id": 7, "x": "\x00"}',
        b'{"update_id": 7',
        b'{"update_id": 7}{"update_id": 8}',
        b'{"update_id": 7, "x": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
        b'{"update_id": 7, "x": ' + b'{"x":' * 5_000 + b"1" + b"}" * 5_000 + b"}",
        *(b'{"update_id": %s}' % one for one in (b'"7"', b"-1", b"true", b"7.5", b"null", b"1e3")),
        b'{"update_id": %d}' % (LARGEST_ID + 1),
        b'{"update_id": %s}' % (b"9" * 5_000),
        b"[" * 100_000,
    ],
)
async def test_what_is_no_update_is_refused_and_not_kept(
    client: AsyncClient, data: DataService, body: bytes
) -> None:
    assert await told(client, body) == 400
    assert data.kept == {}


@pytest.mark.parametrize(
    "more", [b"1.000000000000000000000001", b"1e999", b'"\\u0000"', b'{"a": 1, "a": 2}']
)
async def test_what_telegram_writes_is_not_picked_at(
    client: AsyncClient, data: DataService, more: bytes
) -> None:
    body = b'{"update_id": 7, "x": %s}' % more

    assert await told(client, body) == 204
    assert list(data.kept.values()) == [body.decode()]


async def test_what_is_too_large_is_refused(client: AsyncClient, data: DataService) -> None:
    def update(size: int) -> bytes:
        begin, end = b'{"update_id": 7, "x": "', b'"}'
        return begin + b"x" * (size - len(begin) - len(end)) + end

    assert await told(client, update(LARGEST + 1)) == 413
    assert await told(client, update(8 * LARGEST)) == 413
    assert data.kept == {}
    assert await told(client, update(LARGEST)) == 204


async def test_what_cannot_be_kept_is_not_taken(client: AsyncClient, data: DataService) -> None:
    data.away = True
    assert await told(client, UPDATE) == 503

    data.away = False
    assert await told(client, UPDATE) == 204


async def test_it_works_without_a_bell(
    client: AsyncClient, data: DataService, memory_redis: "FakeServer"
) -> None:
    memory_redis.connected = False

    assert await told(client, UPDATE) == 204
    assert data.kept


def test_all_answers_are_documented(app: "FastAPI") -> None:
    (operation,) = app.openapi()["paths"][WEBHOOK].values()

    assert {"204", "400", "413", "503"} <= operation["responses"].keys()


@pytest.mark.parametrize("secret", ["a b", "ü", "x" * 257, "a\n", "$"])
def test_a_secret_that_telegram_refuses_is_told_in_a_line(secret: str, memory_redis: Any) -> None:
    with pytest.raises(SystemExit, match="BOT_WEBHOOK_SECRET must be") as ended:
        build_app("Garden", [], FeatureSettings(bot_webhook_secret=secret))

    assert secret not in str(ended.value.code)


def test_every_letter_that_telegram_takes_is_right() -> None:
    check_secret("abcXYZ019_-")
    check_secret("x" * 256)
    check_secret("")
