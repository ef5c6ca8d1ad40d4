"""The commands that every bot has."""

from collections.abc import Mapping, Sequence

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import BotCommand, Message

from chassis_bot.records import Collection
from chassis_bot.talk import Talk
from chassis_bot.texts import Texts


class Commands:
    """Says hello, says what there is, ends a dialogue, and answers what nothing else does."""

    def __init__(self, collections: Sequence[Collection], *, announcing: bool) -> None:
        self._collections = collections
        self._announcing = announcing

    def join(self, router: Router) -> None:
        """Add the handlers that come before all others."""
        router.message(Command("start"))(self._start)
        router.message(Command("help"))(self._help)
        router.message(Command("cancel"))(self._cancel)

    def join_last(self, router: Router) -> None:
        """Add the one that comes after all others; in groups not every text is for the bot."""
        router.message(F.chat.type == "private")(self._unknown)

    def described(self, texts: Texts) -> Mapping[str, str]:
        """Say what each command does."""
        described = {"help": texts.help, "cancel": texts.cancel}
        if self._announcing:
            described |= {"subscribe": texts.subscribe, "unsubscribe": texts.unsubscribe}
        for of in self._collections:
            plural, name = texts.named(of.plural), texts.named(of.name)
            described[of.list_command] = texts.list_of.format(plural=plural)
            described[of.create_command] = texts.new.format(name=name)
        return described

    def menu(self, texts: Texts) -> list[BotCommand]:
        """Give what Telegram offers while somebody types; it has place for a hundred."""
        described = list(self.described(texts).items())[:100]
        return [BotCommand(command=name, description=text[:256]) for name, text in described]

    async def _start(self, _message: Message, talk: Talk) -> None:
        await talk.say(f"{talk.texts.start}\n\n{self._all(talk.texts)}")

    async def _help(self, _message: Message, talk: Talk) -> None:
        await talk.say(self._all(talk.texts))

    def _all(self, texts: Texts) -> str:
        lines = [f"/{name} {text}" for name, text in self.described(texts).items()]
        return "\n".join([texts.help_title, *lines])

    async def _cancel(self, _message: Message, talk: Talk) -> None:
        in_dialogue = await talk.state.get_state()
        await talk.state.clear()
        await talk.say(talk.texts.cancelled if in_dialogue else talk.texts.nothing_to_cancel)

    async def _unknown(self, _message: Message, talk: Talk) -> None:
        await talk.say(talk.texts.unknown_command)
