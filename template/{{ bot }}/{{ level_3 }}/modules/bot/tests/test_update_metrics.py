"""The metrics of a bot."""

from aiogram.types import Update

from chassis_bot.bot import Script, build_bot
from chassis_bot.features import BotSettings
from chassis_bot.testing.chatting import ServedTelegram


async def test_what_became_of_updates_is_counted(
    telegram: ServedTelegram, memory_redis: object
) -> None:
    settings = BotSettings(bot_server=telegram.url_with_token, bot_attempts=1)
    bot = build_bot("garden", Script(), settings)
    told = bot.state.metrics.registry.get_sample_value

    async def feed(update: Update) -> None:
        assert told("bot_updates_in_progress") == 1
        if update.update_id == 2:
            raise ValueError

    bot.handling.feed = feed
    for number in (1, 2, 3):
        await bot.handling(Update(update_id=number))

    assert told("bot_updates_total", {"outcome": "done"}) == 2
    assert told("bot_updates_total", {"outcome": "given_up"}) == 1
    assert told("bot_updates_total", {"outcome": "blocked"}) == 0
    assert told("bot_update_duration_seconds_count") == 3
    assert told("bot_updates_missing") == 1
    assert told("bot_updates_in_progress") == 0
