"""An update is a trace."""

from aiogram.types import Update

from chassis.testing.spans import attributes, collecting
from chassis_bot.bot import Script, build_bot
from chassis_bot.features import BotSettings
from chassis_bot.testing.chatting import ServedTelegram


async def test_an_update_is_traced_without_what_was_said(
    telegram: ServedTelegram, memory_redis: object
) -> None:
    with collecting() as collector:
        settings = BotSettings(
            bot_server=telegram.url_with_token,
            traces_url=collector.url,
            traces_share=1,
            bot_attempts=1,
        )
        bot = build_bot("garden", Script(), settings)
        async with bot.lifespan():
            telegram.say(7, "sand and stones")
            await bot.handling(Update.model_validate(telegram.updates[0]))

    (span,) = collector.spans
    assert span.name == "process update"
    assert attributes(span)["messaging.system"] == "telegram"
    assert b"stones" not in span.SerializeToString()
    assert telegram.token.encode() not in span.SerializeToString()
