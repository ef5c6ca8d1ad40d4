"""Lists with buttons to turn their pages, and what is shown of one record."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, InlineKeyboardButton, Message
from pydantic import NonNegativeInt

from chassis.problems import NotFound
from chassis.schemas import Page
from chassis_bot.records import Collection, Record, Records
from chassis_bot.talk import Rows, Talk, button
from chassis_bot.texts import Texts


class ShowPage(CallbackData, prefix="page"):
    """Turns to a page of a list."""

    of: str
    number: NonNegativeInt


class ShowRecord(CallbackData, prefix="show"):
    """Shows one record."""

    of: str
    id: UUID


type Turn = Callable[[int], CallbackData]
"""Gives what a button carries that turns to a page."""


class TooOldError(Exception):
    """It is not known any more where the page of a list begins."""


class Lists:
    """Pages of lists; where each one begins is kept for the one who turns them."""

    def __init__(self, records: Records, size: int) -> None:
        self._records = records
        self._size = size

    async def page(self, of: Collection, number: int, state: FSMContext) -> Page[Record]:
        """Give a page, counted from 0; raises TooOldError."""
        key = replace(state.key, destiny=of.key)
        known = await state.storage.get_data(key) if number else {}
        cursors: list[str] = known.get("cursors", [])[:number]
        if len(cursors) < number:
            raise TooOldError
        page = await self._records.page(of, cursors[-1] if number else None, self._size)
        if page.next_cursor:
            cursors.append(page.next_cursor)
        await state.storage.set_data(key, {"cursors": cursors})
        return page


class Browsing:
    """Answers the commands that show lists, and the buttons below them."""

    def __init__(self, collections: Sequence[Collection], records: Records, lists: Lists) -> None:
        self._by_key: Mapping[str, Collection] = {of.key: of for of in collections}
        self._by_command = {of.list_command: of for of in collections}
        self._records = records
        self._lists = lists

    def join(self, router: Router) -> None:
        """Add the handlers."""
        router.message(Command(*self._by_command))(self._begin)
        router.callback_query(ShowPage.filter())(self._turn)
        router.callback_query(ShowRecord.filter())(self._show)

    async def _begin(self, _message: Message, command: CommandObject, talk: Talk) -> None:
        await self._tell(self._by_command[command.command], 0, talk)

    async def _turn(self, _pressed: CallbackQuery, callback_data: ShowPage, talk: Talk) -> None:
        of = self._by_key.get(callback_data.of)
        if of is None:
            await talk.say(talk.texts.old_list)
            return
        try:
            await self._tell(of, callback_data.number, talk)
        except TooOldError:
            await talk.say(talk.texts.old_list)

    async def _tell(self, of: Collection, number: int, talk: Talk) -> None:
        page, texts = await self._lists.page(of, number, talk.state), talk.texts
        rows: list[Sequence[InlineKeyboardButton]] = [
            [button(of.labelled(record), ShowRecord(of=of.key, id=UUID(record["id"])))]
            for record in page.items
        ]
        rows += turning(page, number, texts, lambda to: ShowPage(of=of.key, number=to))
        text = texts.page.format(plural=texts.titled(of.plural), number=number + 1)
        if not page.items:
            text = texts.empty.format(plural=texts.named(of.plural))
        await talk.say(text, rows, instead=True)

    async def _show(self, _pressed: CallbackQuery, callback_data: ShowRecord, talk: Talk) -> None:
        of = self._by_key.get(callback_data.of)
        if of is None:
            await talk.say(talk.texts.old_list)
            return
        try:
            record = await self._records.get(of, callback_data.id)
        except NotFound:
            await talk.say(talk.texts.gone)
        else:
            await talk.say(told(of, record, talk.texts))


def turning(page: Page[Record], number: int, texts: Texts, to: Turn) -> Rows:
    """Give the buttons that turn a page."""
    row = [button(texts.before, to(number - 1))] if number else []
    row += [button(texts.after, to(number + 1))] if page.next_cursor else []
    return [row] if row else []


def told(of: Collection, record: Record, texts: Texts) -> str:
    """Tell of a record, line by line."""
    lines = [f"{texts.titled(of.name)}: {of.labelled(record)}", ""]
    lines += [
        f"{texts.named(name)}: {value}" for name, value in record.items() if value is not None
    ]
    return "\n".join(lines)
