"""The probes of a bot, and what its log lines have in common."""

from aiogram.types import Update
from aiohttp.test_utils import unused_port
from httpx2 import AsyncClient
from structlog.contextvars import get_contextvars

from chassis.request_id import current
from chassis_bot.bot import Script, build_bot
from chassis_bot.features import BotSettings
from chassis_bot.testing.business_api import BusinessApi
from chassis_bot.testing.chatting import Chatting, ServedTelegram, running


async def test_a_bot_is_ready_when_it_gets_updates(
    telegram: ServedTelegram, business_api: BusinessApi, memory_redis: object
) -> None:
    settings = BotSettings(
        bot_server=telegram.url_with_token,
        api_url=business_api.url,
        data_api_url=business_api.url,
        probe_port=unused_port(),
    )
    bot = build_bot("garden", Script(), settings)
    url = f"http://127.0.0.1:{settings.probe_port}"

    async with running(bot), AsyncClient(base_url=url) as probes:
        told = (await probes.get("/ready")).json()
        assert {"field": "updates", "detail": bot.polling.trouble} in told["errors"]
        await Chatting(telegram).say("/help")
        told = (await probes.get("/ready")).json()
        assert "updates" not in str(told)


async def test_an_update_is_handled_under_its_ids(
    telegram: ServedTelegram, memory_redis: object
) -> None:
    bot = build_bot("garden", Script(), BotSettings(bot_server=telegram.url_with_token))
    seen: dict[str, object] = {}

    async def feed(_update: Update) -> None:
        seen.update(get_contextvars(), current=current())

    bot.handling.feed = feed
    await bot.handling(Update(update_id=12))

    assert (seen["update_id"], seen["current"]) == (12, "update-12")
    assert not get_contextvars()
    await bot.state.http.close()
