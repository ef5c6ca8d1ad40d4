"""Tracing of a bot: handling an update is a trace, with the calls that are made for it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from aiogram.types import Update
from opentelemetry.trace import SpanKind

from chassis.tracing import Settings, Tracing, begin, lifespan
from chassis_bot.process import ChatBot

__all__ = ["install", "lifespan"]


def install(bot: ChatBot, settings: Settings) -> None:
    """Trace every update that is handled."""
    bot.handling.scopes.append(_spans(begin(bot, settings)))


def _spans(tracing: Tracing) -> Callable[[Update], AbstractContextManager[None]]:
    @contextmanager
    def traced(update: Update) -> Iterator[None]:
        attributes: dict[str, str | int] = {
            "messaging.system": "telegram",
            "messaging.message.id": str(update.update_id),
        }
        with tracing.trace(SpanKind.CONSUMER, "process update", attributes, {}):
            yield

    return traced
