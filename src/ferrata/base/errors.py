"""What can end a command, and the exit codes of the contract."""

import enum
import re
from typing import Self


class Exit(enum.IntEnum):
    """Exit codes; scripts rely on them."""

    meaning: str

    GREEN = 0, "done, and green"
    FAILURE = 1, "an expected failure; nothing was changed"
    USAGE = 2, "the command line is wrong"
    BUG = 3, "a bug; the message says where to report it"
    RED = 4, "generated, but gates are red or did not run"
    INTERRUPTED = 130, "interrupted; nothing half-made is left behind"

    def __new__(cls, value: int, meaning: str = "") -> Self:
        """Make a code that knows what it stands for."""
        code = int.__new__(cls, value)
        code._value_ = value
        code.meaning = meaning
        return code


class Failure(Exception):  # noqa: N818  (it is expected, so not called an error)
    """An expected failure: what was given, what is expected, how to mend it, in one line."""

    exit_code = Exit.FAILURE

    def __init__(self, message: str) -> None:
        """Keep the message on one line, whatever was quoted in it."""
        super().__init__(one_line(message))


class Interrupted(Failure):
    """Somebody stopped it, and something is left to tell."""

    exit_code = Exit.INTERRUPTED


class UsageFailure(Failure):
    """The command line itself is wrong."""

    exit_code = Exit.USAGE


class Invalid(Failure):
    """The answers are wrong: one line for each problem."""

    def __init__(self, what: str, lines: list[str]) -> None:
        """Name what was checked and keep the problems apart."""
        noun = "problem" if len(lines) == 1 else "problems"
        super().__init__(f"{what}: {len(lines)} {noun}")
        self.lines = [one_line(line) for line in lines]


def one_line(text: str) -> str:
    """Fold a text into one line and take out what would steer a terminal."""
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", text).strip()


def reason(error: Exception) -> str:
    """What the operating system says is wrong."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
