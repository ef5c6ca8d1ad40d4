"""What can end a command, and the exit codes of the contract."""

import enum
import re


class Exit(enum.IntEnum):
    """Exit codes; scripts rely on them."""

    GREEN = 0
    FAILURE = 1
    USAGE = 2
    BUG = 3
    RED = 4
    INTERRUPTED = 130


class Failure(Exception):  # noqa: N818  (it is expected, so not called an error)
    """An expected failure: what was given, what is expected, how to mend it, in one line."""

    exit_code = Exit.FAILURE

    def __init__(self, message: str) -> None:
        """Keep the message on one line, whatever was quoted in it."""
        super().__init__(one_line(message))


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
