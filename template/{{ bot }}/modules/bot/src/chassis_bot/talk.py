"""What a handler needs to answer somebody: what was done, where, and in which language."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiogram import BaseMiddleware
from aiogram.dispatcher.middlewares.user_context import EVENT_FROM_USER_KEY
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from aiogram.types import (
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
    TelegramObject,
    Update,
)

from chassis_bot.polling import event_of
from chassis_bot.texts import Texts, chosen

LONGEST_TEXT = 4096
LONGEST_BUTTON = 60

type Rows = Sequence[Sequence[InlineKeyboardButton]]


@dataclass(frozen=True, slots=True)
class Talk:
    """One thing that somebody did in a chat, and the means to answer it; handlers ask for `talk`."""

    event: Message | CallbackQuery
    """They have written, or pressed a button."""
    state: FSMContext
    texts: Texts
    update: int
    """The id of the update: the same when it is handled again."""

    async def say(self, text: str, rows: Rows = (), *, instead: bool = False) -> None:
        """Say it, with buttons below; `instead` of the message whose button was pressed."""
        keyboard = InlineKeyboardMarkup(inline_keyboard=list(map(list, rows))) if rows else None
        text, pressed = cut(text, LONGEST_TEXT), isinstance(self.event, CallbackQuery)
        message = self.event.message if isinstance(self.event, CallbackQuery) else self.event
        if instead and pressed and isinstance(message, Message):
            await message.edit_text(text, reply_markup=keyboard)
        elif message and self.event.bot:
            await self.event.bot.send_message(message.chat.id, text, reply_markup=keyboard)
        if isinstance(self.event, CallbackQuery):
            await self.event.answer()


class Talking(BaseMiddleware):
    """Gives handlers their `talk`."""

    def __init__(self, languages: Mapping[str, Texts]) -> None:
        self._languages = languages

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Any],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """Go on; what is neither a message nor a button has no talk."""
        texts = chosen(self._languages, data.get(EVENT_FROM_USER_KEY))
        happened = event_of(event) if isinstance(event, Update) else None
        if isinstance(event, Update) and isinstance(happened, Message | CallbackQuery):
            data["talk"] = Talk(happened, data["state"], texts, event.update_id)
        return await handler(event, data)


def button(text: str, data: CallbackData) -> InlineKeyboardButton:
    """Make a button."""
    return InlineKeyboardButton(text=cut(text, LONGEST_BUTTON), callback_data=data.pack())


def cut(text: str, most: int) -> str:
    """Shorten what Telegram would refuse; it counts what is beyond the first plane twice."""
    units = text.encode("utf-16-le")
    if len(units) // 2 <= most:
        return text
    return f"{units[: (most - 1) * 2].decode('utf-16-le', 'ignore')}…"
