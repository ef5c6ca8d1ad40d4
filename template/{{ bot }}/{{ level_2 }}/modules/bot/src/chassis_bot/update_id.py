"""Ids of a bot: each update is handled under a request id, and its own id is in every log line.

The request id goes along with the calls that are made for the update.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from aiogram.types import Update
from structlog.contextvars import bound_contextvars

from chassis.feature import no_lifespan
from chassis.request_id import HEADER, bound, headers
from chassis_bot.process import ChatBot

__all__ = ["install", "lifespan"]


def install(bot: ChatBot, _settings: object) -> None:
    """Handle every update under its ids, and send the request id on with ``bot.state.http``."""
    bot.handling.scopes.append(under_its_ids)
    bot.state.http.header_providers.append(headers)
    bot.state.http.neutral_headers.add(HEADER.lower())


lifespan = no_lifespan


@contextmanager
def under_its_ids(update: Update) -> Iterator[None]:
    """Bind what the log lines of an update have in common."""
    with bound(f"update-{update.update_id}"), bound_contextvars(update_id=update.update_id):
        yield
