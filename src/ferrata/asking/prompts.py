"""Asking on the terminal: one function for each kind of answer.

questionary takes long to import, so it is imported when the first question is asked.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ferrata.base import note, one_line

if TYPE_CHECKING:
    from questionary import Question

# What is wrong with an answer; empty if nothing is.
Check = Callable[[Any], str]


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

    def text(self, question: str, check: Check) -> str:
        """Text of several lines."""

    def one(self, question: str, options: Sequence[Option], check: Check) -> Any:
        """One of several."""

    def many(self, question: str, options: Sequence[Option], check: Check) -> list[Any]:
        """Any of several."""

    def sure(self, question: str, *, default: bool) -> bool:
        """Yes or no."""


class TerminalPrompts:
    """Asks with questionary."""

    def say(self, text: str) -> None:
        """Tell something on stderr, as everything about a run."""
        note(text)

    def line(self, question: str, check: Check, default: str = "") -> str:
        """A prompt for one line."""
        return self._typed(question, check, default=default)

    def text(self, question: str, check: Check) -> str:
        """A prompt in which Enter begins a new line."""
        return self._typed(question, check, multiline=True)

    def _typed(self, question: str, check: Check, **options: Any) -> str:
        import questionary  # noqa: PLC0415

        asked = questionary.text(
            question,
            validate=lambda text: check(text.strip()) or True,
            validate_while_typing=False,
            **options,
        )
        return str(_answer(asked)).strip()

    def one(self, question: str, options: Sequence[Option], check: Check) -> Any:
        """A list with one pointer."""
        import questionary  # noqa: PLC0415

        while True:
            chosen = _answer(questionary.select(question, choices=_choices(options)))
            if not (reason := check(chosen)):
                return chosen
            note(f"  {reason}")

    def many(self, question: str, options: Sequence[Option], check: Check) -> list[Any]:
        """A list with boxes to tick."""
        import questionary  # noqa: PLC0415

        asked = questionary.checkbox(
            question,
            choices=_choices(options),
            validate=lambda chosen: check(chosen) or True,
            instruction="(space ticks, Enter goes on)",
        )
        chosen: list[Any] = _answer(asked)
        return chosen

    def sure(self, question: str, *, default: bool) -> bool:
        """A yes or no."""
        import questionary  # noqa: PLC0415

        return bool(_answer(questionary.confirm(question, default=default)))


def _choices(options: Sequence[Option]) -> list[Any]:
    from questionary import Choice  # noqa: PLC0415

    return [
        Choice(option.title, value=option.value, disabled=option.disabled) for option in options
    ]


def _answer(question: "Question") -> Any:
    """Ask; Ctrl-C and Ctrl-D end the command."""
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
