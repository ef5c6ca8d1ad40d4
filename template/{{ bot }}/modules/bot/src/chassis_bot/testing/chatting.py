"""A chat with a bot that runs beside the test."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from chassis_bot.bot import ChatBot
from chassis_bot.testing.business_api import at_a_port
from chassis_bot.testing.telegram import TOKEN, Telegram

PATIENCE_S = 5.0
CHAT = 7


class ServedTelegram(Telegram):
    """The server, with the address at which it answers."""

    url = ""

    @property
    def url_with_token(self) -> str:
        """The address as a bot wants it."""
        return self.url.replace("://", f"://{self.token}@")

    async def confirmed(self, update_id: int, patience_s: float = PATIENCE_S) -> None:
        """Wait until a bot has confirmed an update."""
        await until(lambda: all(one["update_id"] != update_id for one in self.updates), patience_s)


async def until(condition: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(patience_s):
        while not condition():  # noqa: ASYNC110  # nothing tells of it
            await asyncio.sleep(0.002)


@asynccontextmanager
async def served(token: str = TOKEN) -> AsyncIterator[ServedTelegram]:
    """Serve a Bot API at a port of its own."""
    telegram = ServedTelegram(token)
    async with at_a_port(telegram.application()) as telegram.url:
        yield telegram


@asynccontextmanager
async def running(bot: ChatBot) -> AsyncIterator[None]:
    """Run a bot for as long as this is entered."""
    async with bot.lifespan():
        working = asyncio.create_task(bot.work())
        yield
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working


@dataclass(frozen=True)
class Chatting:
    """Somebody who chats with a bot."""

    telegram: ServedTelegram
    number: int = CHAT
    patience_s: float = PATIENCE_S

    async def say(self, text: str | None, **more: object) -> str:
        """Write something; give the bot's answer to it."""
        return await self._answer(lambda: self.telegram.say(self.number, text, **more))

    async def press(self, label: str) -> str:
        """Press a button; give the bot's answer to it, or the message that has changed."""
        return await self._answer(lambda: self.telegram.press(self.number, label))

    async def fill_in(self, command: str, answers: Mapping[str, Any]) -> str:
        """Go through a dialogue up to its summary; None leaves a field out."""
        told = await self.say(command)
        for value in answers.values():
            label = _label(value)
            if label.replace("_", " ") in self.buttons:
                told = await self.press(label.replace("_", " "))
            else:
                told = await self.say(label)
        return told

    @property
    def buttons(self) -> list[str]:
        """The buttons of the last message."""
        return list(self.telegram.chats[self.number].buttons)

    @property
    def texts(self) -> list[str]:
        """What the bot has said, the last one at the end."""
        return self.telegram.chats[self.number].texts

    async def _answer(self, act: Callable[[], int]) -> str:
        said = len(self.texts)
        update_id = act()
        await self.telegram.confirmed(update_id, self.patience_s)
        return "\n".join(self.texts[said:] or self.texts[-1:])


def _label(value: Any) -> str:
    """Say what somebody writes, or presses, for a value."""
    match value:
        case None:
            return "Leave out"
        case bool():
            return "yes" if value else "no"
        case dict():
            return json.dumps(value)
        case _:
            return str(value)
