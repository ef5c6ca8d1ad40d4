"""What a bot says. Another language is another `Texts`, by the code that Telegram has for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from aiogram.types import User

ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one language; what stands in braces is filled in."""

    start: str = "Hello! This bot shows what there is, and takes what is new."
    help_title: str = "What I understand:"
    help: str = "this list"
    cancel: str = "end a dialogue"
    list_of: str = "list of {plural}"
    new: str = "new {name}"
    empty: str = "There are no {plural} yet."
    page: str = "{plural}, page {number}"
    before: str = "« Back"
    after: str = "Next »"
    old_list: str = "This list is too old. Ask for it again."
    old_button: str = "This button is of another dialogue."
    gone: str = "This does not exist any more."
    ask: str = "{field}?"
    optional: str = "(can be left out)"
    hint_date: str = "A date such as 2026-01-31."
    hint_time: str = "A time such as 2026-01-31T12:00:00Z."
    hint_number: str = "A number such as 12.50."
    hint_whole: str = "A whole number."
    skip: str = "Leave out"
    choose: str = "Choose one."
    nothing_to_choose: str = "There are no {plural} to choose from: /{command} makes one."
    wrong: str = "{field} {why}."
    summary: str = "New {name}:"
    create: str = "Create"
    stop: str = "Cancel"
    announced: str = "New: {name} {label}"
    show: str = "Show"
    subscribe: str = "be told what is new"
    unsubscribe: str = "be told no more"
    subscribed: str = "You will be told what is new. /unsubscribe ends it."
    unsubscribed: str = "You will be told no more."
    created: str = "The {name} is created."
    cancelled: str = "Cancelled. Nothing was created."
    nothing_to_cancel: str = "There is nothing to cancel."
    unknown_command: str = "I do not understand that. /help says what I do."
    refused: str = "That cannot be: {why}"
    away: str = "That does not work at the moment, and nothing was done. Try again in a while."
    unknown_outcome: str = (
        "It is not known whether that was done. Look at the list before you try again."
    )
    failed: str = "Something went wrong. It is noted."
    not_allowed: str = "You may not do that."
    yes: str = "yes"
    no: str = "no"
    names: Mapping[str, str] = field(default_factory=dict)
    """What entities and fields are called, by their names in the API; the others as they are there."""
    more: Mapping[str, str] = field(default_factory=dict)
    """What is said besides, by names of your own: a handler has them as ``talk.texts.more``."""

    def named(self, name: str) -> str:
        """Say what an entity or a field is called."""
        return self.names.get(name) or name.replace("_", " ")

    def titled(self, name: str) -> str:
        """Say so at the beginning of a line."""
        text = self.named(name)
        return text[:1].upper() + text[1:]


def chosen(languages: Mapping[str, Texts], user: User | None) -> Texts:
    """Choose the texts for somebody; English for all whose language is not there."""
    return speaking(languages, user.language_code if user else None)


def speaking(languages: Mapping[str, Texts], code: str | None) -> Texts:
    """Choose the texts for a language, by the code that Telegram has for it."""
    return in_language(languages, code) or Texts()


def in_language[T](said: Mapping[str, T], code: str | None) -> T | None:
    """Choose what is said in a language, by the code that Telegram has for it; else in English."""
    code = code or ENGLISH
    return said.get(code) or said.get(code.partition("-")[0]) or said.get(ENGLISH)
