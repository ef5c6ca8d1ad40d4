"""The dialogue that creates a record: a question for each field, a summary, and a button.

Where it stands is one value in the storage, with the last update that changed it: an update that
comes again changes nothing, and is answered with the question that is open.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self
from uuid import UUID

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, InlineKeyboardButton, Message
from pydantic import NonNegativeInt

from chassis.problems import Conflict, Invalid, NotFound, TooLarge
from chassis_bot.browsing import Lists, TooOldError, told, turning
from chassis_bot.fields import HINTS, NO, YES, Question, WrongAnswerError, questions
from chassis_bot.records import Collection, Records
from chassis_bot.talk import Talk, button
from chassis_bot.texts import Texts

CREATE, STOP = "create", "stop"


class Creating(StatesGroup):
    """The states of the dialogue; which question is open follows from the answers."""

    asking = State()


class Choose(CallbackData, prefix="choose"):
    """Answers a question: with the place of a choice, the id of a record, or nothing."""

    question: int
    value: str


class TurnTo(CallbackData, prefix="turn"):
    """Turns to a page of the records to choose from."""

    question: int
    number: NonNegativeInt


class Finish(CallbackData, prefix="finish"):
    """Ends the dialogue."""

    how: str


@dataclass
class Draft:
    """How far a dialogue is."""

    of: str
    answers: dict[str, Any] = field(default_factory=dict)
    """By field; None for what is left out."""
    seen: int = 0
    """The last update that changed it."""

    @classmethod
    async def load(cls, talk: Talk) -> Self | None:
        """Read what was kept; another version may have kept more."""
        kept = (await talk.state.get_data()).get("draft") or {}
        known = {one.name: kept[one.name] for one in fields(cls) if one.name in kept}
        return cls(**known) if "of" in known else None

    async def keep(self, talk: Talk) -> None:
        """Keep it, as an update has changed it."""
        self.seen = talk.update
        await talk.state.set_data({"draft": asdict(self)})


class Dialogue:
    """Asks, reads what is answered, and creates."""

    def __init__(self, collections: Sequence[Collection], records: Records, lists: Lists) -> None:
        self._by_plural = {of.plural: of for of in collections}
        self._by_command = {of.create_command: of for of in collections}
        self._questions = {of.plural: questions(of.new, of.references) for of in collections}
        self._records = records
        self._lists = lists

    def join(self, router: Router) -> None:
        """Add the handlers."""
        router.message(Command(*self._by_command))(self._begin)
        router.message(Creating.asking, ~F.text.startswith("/"))(self._answered)
        router.callback_query(Choose.filter())(self._chosen)
        router.callback_query(TurnTo.filter())(self._turned)
        router.callback_query(Finish.filter())(self._finished)

    async def _begin(self, _message: Message, command: CommandObject, talk: Talk) -> None:
        draft = await Draft.load(talk)
        if draft is None or draft.seen < talk.update:
            draft = Draft(self._by_command[command.command].plural)
            await draft.keep(talk)
            await talk.state.set_state(Creating.asking)
        await self._ask(draft, talk)

    async def _answered(self, message: Message, talk: Talk) -> None:
        draft, texts = await Draft.load(talk), talk.texts
        if draft is None:  # it was forgotten meanwhile
            await talk.state.clear()
            await talk.say(texts.nothing_to_cancel)
            return
        question = self._open(draft)
        if question and draft.seen < talk.update:
            try:
                draft.answers[question.name] = question.read(message.text or "")
            except WrongAnswerError as error:
                name = texts.titled(question.name)
                await talk.say(texts.wrong.format(field=name, why=error))
            else:
                await draft.keep(talk)
        await self._ask(draft, talk)

    async def _chosen(self, _pressed: CallbackQuery, callback_data: Choose, talk: Talk) -> None:
        draft = await Draft.load(talk)
        if draft and draft.seen >= talk.update:
            await self._ask(draft, talk)
            return
        question = self._asked(draft, callback_data.question)
        if draft is None or question is None:
            await talk.say(talk.texts.old_button)
            return
        try:
            value = _value(question, callback_data.value)
        except WrongAnswerError:  # no button of this bot carries that
            await talk.say(talk.texts.old_button)
            return
        draft.answers[question.name] = value
        await draft.keep(talk)
        await self._ask(draft, talk)

    async def _turned(self, _pressed: CallbackQuery, callback_data: TurnTo, talk: Talk) -> None:
        draft = await Draft.load(talk)
        question = self._asked(draft, callback_data.question)
        if draft is None or question is None or question.reference not in self._by_plural:
            await talk.say(talk.texts.old_button)
            return
        try:
            await self._offer(draft, question, callback_data.number, talk)
        except TooOldError:
            await talk.say(talk.texts.old_list)

    async def _finished(self, pressed: CallbackQuery, callback_data: Finish, talk: Talk) -> None:
        draft = await Draft.load(talk)
        if draft is None or self._open(draft):
            await talk.say(talk.texts.old_button)
        elif callback_data.how == CREATE:
            await self._create(f"telegram-{pressed.chat_instance}-{talk.update}", draft, talk)
        else:
            await talk.state.clear()
            await talk.say(talk.texts.cancelled)

    async def _create(self, key: str, draft: Draft, talk: Talk) -> None:
        of, texts = self._by_plural[draft.of], talk.texts
        values = {name: value for name, value in draft.answers.items() if value is not None}
        try:
            record = await self._records.create(of, values, key)
        except (Conflict, Invalid, NotFound, TooLarge) as error:
            wrong = {one.field: one.detail for one in error.errors if one.field in draft.answers}
            why = [f"{texts.named(name)}: {text}" for name, text in wrong.items()] or [error.detail]
            for name in wrong:
                del draft.answers[name]
            await draft.keep(talk)
            await talk.say(texts.refused.format(why="\n".join(why)))
            await self._ask(draft, talk)
        else:
            created = texts.created.format(name=texts.named(of.name))
            await talk.say(f"{created}\n\n{told(of, record, texts)}")
            await talk.state.clear()  # last: if this comes again, it is answered again

    async def _ask(self, draft: Draft, talk: Talk) -> None:
        """Ask what is open, or show what will be created."""
        question = self._open(draft)
        if question is None:
            await self._sum_up(draft, talk)
        elif question.reference in self._by_plural:
            await self._offer(draft, question, 0, talk)
        else:
            number = self._number(draft, question)
            rows: list[Sequence[InlineKeyboardButton]] = [
                [button(_told(choice, talk.texts), Choose(question=number, value=str(place)))]
                for place, choice in enumerate(question.choices)
            ]
            rows += _leaving_out(question, number, talk.texts)
            await talk.say(_wording(question, talk.texts), rows)

    async def _offer(self, draft: Draft, question: Question, page_number: int, talk: Talk) -> None:
        """Show the records of which one is chosen; a page that is turned stands where it was."""
        of, number = self._by_plural[str(question.reference)], self._number(draft, question)
        page, texts = await self._lists.page(of, page_number, talk.state), talk.texts
        rows: list[Sequence[InlineKeyboardButton]] = [
            [button(of.labelled(one), Choose(question=number, value=UUID(one["id"]).hex))]
            for one in page.items
        ]
        rows += turning(page, page_number, texts, lambda to: TurnTo(question=number, number=to))
        rows += _leaving_out(question, number, texts)
        text = _wording(question, texts)
        if not page.items:
            plural = texts.named(of.plural)
            nothing = texts.nothing_to_choose.format(plural=plural, command=of.create_command)
            text = f"{text}\n{nothing}"
        await talk.say(text, rows, instead=page_number > 0)

    async def _sum_up(self, draft: Draft, talk: Talk) -> None:
        of, texts = self._by_plural[draft.of], talk.texts
        lines = [texts.summary.format(name=texts.named(of.name)), ""]
        lines += [
            f"{texts.named(name)}: {value}"
            for name, value in draft.answers.items()
            if value is not None
        ]
        create = button(texts.create, Finish(how=CREATE))
        await talk.say("\n".join(lines), [[create, button(texts.stop, Finish(how=STOP))]])

    def _open(self, draft: Draft) -> Question | None:
        """Give the first question without an answer."""
        asked = self._questions.get(draft.of, [])
        return next((one for one in asked if one.name not in draft.answers), None)

    def _asked(self, draft: Draft | None, number: int) -> Question | None:
        """Give the question of a button, if it is the one that is open."""
        question = self._open(draft) if draft else None
        return question if draft and question and self._number(draft, question) == number else None

    def _number(self, draft: Draft, question: Question) -> int:
        return self._questions[draft.of].index(question)


def _value(question: Question, chosen: str) -> Any:
    """Give what a button stands for; raises WrongAnswerError for what none does: anybody may send it."""
    if not chosen and not question.required:
        return None
    if question.choices:
        for place, choice in enumerate(question.choices):
            if chosen == str(place):
                return question.read(choice)
    elif question.reference:
        try:
            return str(UUID(chosen))
        except ValueError as error:
            raise WrongAnswerError(chosen) from error
    raise WrongAnswerError(chosen)


def _wording(question: Question, texts: Texts) -> str:
    hint = getattr(texts, f"hint_{HINTS.get(question.kind.__name__)}", "")
    if question.choices or question.reference:
        hint = texts.choose
    optional = "" if question.required else f" {texts.optional}"
    asked = texts.ask.format(field=texts.titled(question.name))
    return f"{asked}{optional}\n{hint}".rstrip()


def _leaving_out(
    question: Question, number: int, texts: Texts
) -> list[Sequence[InlineKeyboardButton]]:
    return [] if question.required else [[button(texts.skip, Choose(question=number, value=""))]]


def _told(choice: str, texts: Texts) -> str:
    return {YES: texts.yes, NO: texts.no}.get(choice) or texts.named(choice)
