"""Asking on the terminal: one function for each kind of answer.

questionary takes long to import, so it is imported when the first question is asked.
"""

import os
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ferrata.base import note, one_line

if TYPE_CHECKING:
    from questionary import Question

# What is wrong with an answer; empty if nothing is.
Check = Callable[[Any], str]

# A question that leaves less room than this on its line has its answer on the next one.
ROOM = 24


class Back(Exception):  # noqa: N818  (a wish, not an error)
    """The question before this one is wanted again."""


@dataclass(frozen=True)
class Option:
    """One thing that can be chosen, or the reason why it cannot."""

    value: Any
    title: str
    disabled: str | None = None


class Prompts(Protocol):
    """What an interview needs; an answer that the check refuses is asked for again."""

    def say(self, text: str) -> None:
        """Tell something between two questions."""

    def line(self, question: str, check: Check, default: str = "") -> str:
        """One line of text."""

    def text(self, question: str, check: Check, default: str = "") -> str:
        """Text of several lines."""

    def one(self, question: str, options: Sequence[Option], check: Check) -> Any:
        """One of several."""

    def many(self, question: str, options: Sequence[Option], check: Check) -> list[Any]:
        """Any of several."""

    def sure(self, question: str, *, default: bool) -> bool:
        """Yes or no."""


class TerminalPrompts:
    """Asks with questionary; whatever is said is wrapped to the width of the terminal."""

    def say(self, text: str) -> None:
        """Tell something on stderr, as everything about a run."""
        note(_wrapped(text))

    def line(self, question: str, check: Check, default: str = "") -> str:
        """A prompt for one line."""
        return self._typed(question, check, default)

    def text(self, question: str, check: Check, default: str = "") -> str:
        """A prompt in which Enter begins a new line."""
        return self._typed(question, check, default, multiline=True)

    def _typed(self, question: str, check: Check, typed: str, **options: Any) -> str:
        """Ask until the answer is right; what was typed is there to be mended."""
        import questionary  # noqa: PLC0415

        while True:
            asked = questionary.text(_laid_out(question), default=typed, **options)
            typed = str(_answer(asked)).strip()
            if not (reason := check(typed)):
                return typed
            self._refuse(reason)

    def one(self, question: str, options: Sequence[Option], check: Check) -> Any:
        """A list with one pointer."""
        import questionary  # noqa: PLC0415

        while True:
            chosen = _answer(questionary.select(_wrapped(question), choices=_choices(options)))
            if not (reason := check(chosen)):
                return chosen
            self._refuse(reason)

    def many(self, question: str, options: Sequence[Option], check: Check) -> list[Any]:
        """A list with boxes to tick."""
        import questionary  # noqa: PLC0415

        while True:
            asked = questionary.checkbox(
                _wrapped(question),
                choices=_choices(options),
                instruction="(space ticks, Enter goes on)",
            )
            chosen: list[Any] = _answer(asked)
            if not (reason := check(chosen)):
                return chosen
            self._refuse(reason)

    def sure(self, question: str, *, default: bool) -> bool:
        """A yes or no."""
        import questionary  # noqa: PLC0415

        return bool(_answer(questionary.confirm(_wrapped(question), default=default)))

    def _refuse(self, reason: str) -> None:
        """Say why an answer is asked for again."""
        self.say(f"  {reason}")


def _width() -> int:
    """The columns of the terminal that questions go to, with a margin."""
    try:
        columns = os.get_terminal_size(sys.stderr.fileno()).columns
    except (OSError, ValueError):
        columns = 80
    return max(columns - 4, 16)


def _wrapped(text: str) -> str:
    """Text in lines of the terminal's width; an indent stays."""
    indent = text[: len(text) - len(text.lstrip())]
    return "\n".join(
        textwrap.wrap(text, _width(), subsequent_indent=indent, drop_whitespace=True) or [text]
    )


def _laid_out(question: str) -> str:
    """A question with room for the answer behind it or below it."""
    return question if len(question) + ROOM <= _width() else f"{_wrapped(question)}\n "


def _choices(options: Sequence[Option]) -> list[Any]:
    from questionary import Choice  # noqa: PLC0415

    return [
        Choice(option.title, value=option.value, disabled=option.disabled) for option in options
    ]


def _answer(question: "Question") -> Any:
    """Ask; Ctrl-B goes back, Ctrl-C and Ctrl-D end the command."""
    from prompt_toolkit.filters import to_filter  # noqa: PLC0415
    from prompt_toolkit.key_binding import KeyBindings, merge_key_bindings  # noqa: PLC0415

    keys = KeyBindings()
    keys.add("c-b", eager=True)(lambda event: event.app.exit(exception=Back()))
    shown = question.application
    shown.key_bindings = merge_key_bindings([*filter(None, [shown.key_bindings]), keys])
    for window in shown.layout.find_all_windows():
        window.wrap_lines = to_filter(True)  # noqa: FBT003
    try:
        return question.unsafe_ask()
    except EOFError:
        raise KeyboardInterrupt from None


def on_terminal() -> bool:
    """Say whether somebody is there to be asked: questions go to stderr."""
    return sys.stdin.isatty() and sys.stderr.isatty()


@contextmanager
def terminal_prompts() -> Iterator[TerminalPrompts]:
    """Prompts on stderr, because stdout is for the result."""
    from prompt_toolkit.application import create_app_session  # noqa: PLC0415
    from prompt_toolkit.output import create_output  # noqa: PLC0415

    with create_app_session(output=create_output(stdout=sys.stderr)):
        yield TerminalPrompts()


def reason(lines: Sequence[str]) -> str:
    """Several things that are wrong, as the one line that a prompt shows."""
    return one_line("; ".join(lines))
