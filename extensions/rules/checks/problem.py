"""One thing that is wrong."""

from collections.abc import Iterable
from dataclasses import dataclass

# How much of a wrong value an error message shows.
SHOWN_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with the answers.

    `path` names the answer (`entities[0].fields[1].type`); `question` is what to ask the user
    when a mandatory answer is missing, in plain words.
    """

    path: str
    message: str
    question: str | None = None

    @property
    def missing(self) -> bool:
        """Tell whether nothing was given there, so that an answer mends it."""
        return self.message.startswith("is missing")

    def __str__(self) -> str:
        """Give the problem as one line."""
        asked = f" {self.question}" if self.question else ""
        return f"{self.path}: {self.message}{asked}"


def excerpt(value: object) -> str:
    """Show a value on one line, cut where it is long."""
    text = repr(value)
    return text if len(text) <= SHOWN_LENGTH else f"{text[: SHOWN_LENGTH - 3]}..."


def path_text(parts: Iterable[object]) -> str:
    """`entities[0].name`; a key that is no printable text is shown escaped, on the same line."""
    text = ""
    for part in parts:
        name = str(part)
        shown = name if name.isprintable() else repr(name)[1:-1]
        text += f"[{part}]" if isinstance(part, int) else f".{shown}"
    return text.removeprefix(".") or "answers"
