"""An update is a trace."""

from aiogram.types import Update

from chassis.testing.spans import attributes, collecting
from chassis_bot.bot import Script, build_bot
from chassis_bot.features import BotSettings
from chassis_bot.testing.business_api import BusinessApi
from chassis_bot.testing.chatting import ServedTelegram


async def test_an_update_is_traced_without_what_was_said(
    telegram: ServedTelegram, business_api: BusinessApi, memory_redis: object
) -> None:
    with collecting() as collector:
        settings = BotSettings(
            bot_server=telegram.url_with_token,
            data_api_url=business_api.url,
            traces_url=collector.url,
            traces_share=1,
            bot_attempts=1,
        )
        bot = build_bot("garden", Script(), settings)
        async with bot.lifespan():
            telegram.say(7, "sand and stones")
            await bot.handling(Update.model_validate(telegram.updates[0]))

    asked, span = collector.spans
    assert (asked.trace_id, span.name) == (span.trace_id, "process update")
    assert attributes(span)["messaging.system"] == "telegram"
    for one in (asked, span):
        assert b"stones" not in one.SerializeToString()
        assert telegram.token.encode() not in one.SerializeToString()
