"""Prompts that remember every reply, so that one can go back, and on from a draft."""

from collections.abc import Callable, Sequence
from typing import Any

from ferrata.asking.drafts import Draft
from ferrata.asking.prompts import Check, Option, Prompts


class Remembering:
    """Gives the replies that are known already, and asks for the others."""

    def __init__(self, prompts: Prompts, draft: Draft) -> None:
        """Begin with the replies of a draft."""
        self.unremembered, self._draft = prompts, draft
        self._place = 0
        self._undone: tuple[str, Any] = ("", "")

    def back(self) -> None:
        """Begin again, without the last reply."""
        if self._place:
            self._undone = self._draft.replies[self._place - 1]
            del self._draft.replies[self._place - 1 :]
        self._place = 0

    def say(self, text: str) -> None:
        """Tell something between two questions that are asked."""
        if self._place >= len(self._draft.replies):
            self.unremembered.say(text)

    def line(self, question: str, check: Check, default: str = "") -> str:
        """One line of text."""
        return str(
            self._reply(
                question,
                check,
                lambda: self.unremembered.line(question, check, self._again(question, default)),
            )
        )

    def text(self, question: str, check: Check, default: str = "") -> str:
        """Text of several lines."""
        return str(
            self._reply(
                question,
                check,
                lambda: self.unremembered.text(question, check, self._again(question, default)),
            )
        )

    def one(self, question: str, options: Sequence[Option], check: Check) -> Any:
        """One of several."""
        return self._reply(question, check, lambda: self.unremembered.one(question, options, check))

    def many(self, question: str, options: Sequence[Option], check: Check) -> list[Any]:
        """Any of several."""
        return list(
            self._reply(question, check, lambda: self.unremembered.many(question, options, check))
        )

    def sure(self, question: str, *, default: bool) -> bool:
        """Yes or no."""
        return bool(
            self._reply(
                question, lambda _: "", lambda: self.unremembered.sure(question, default=default)
            )
        )

    def _again(self, question: str, default: str) -> str:
        """What was answered before somebody went back to a question."""
        undone, reply = self._undone
        return str(reply) if undone == question else default

    def _reply(self, question: str, check: Check, ask: Callable[[], Any]) -> Any:
        known = self._known(question)
        if known is not None and not check(known):
            return known
        reply = ask()
        self._draft.replies.insert(self._place, (question, reply))
        self._place += 1
        self._draft.save()
        return reply

    def _known(self, question: str) -> Any:
        """The next reply to a question; those between answer what is not asked this time."""
        for place, (asked, reply) in enumerate(self._draft.replies[self._place :], self._place):
            if asked == question:
                self._place = place + 1
                return reply
        return None
