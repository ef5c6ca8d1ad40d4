"""The webhook of the bot needs its secret, and no token."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from httpx2 import AsyncClient

from chassis.app import build_app
from chassis.bot_webhook.telling import SECRET_HEADER, WEBHOOK
from chassis.features import FeatureSettings
from chassis.identity import Principal

if TYPE_CHECKING:
    from fastapi import FastAPI

SECRET = "Telegram_knows-it"  # noqa: S105


@pytest.fixture
def app(memory_redis: object) -> "FastAPI":
    return build_app("Garden", [], FeatureSettings(bot_webhook_secret=SECRET))


async def test_it_is_let_in_by_its_secret_alone(
    client: AsyncClient, ask_as: Callable[[Principal | None], None]
) -> None:
    ask_as(None)

    assert (await client.post(WEBHOOK, content=b"{}")).status_code == 400
    known = await client.post(WEBHOOK, content=b"{}", headers={SECRET_HEADER: SECRET})
    assert known.status_code == 400  # it is no update
    assert (await client.get(WEBHOOK)).status_code == 401
