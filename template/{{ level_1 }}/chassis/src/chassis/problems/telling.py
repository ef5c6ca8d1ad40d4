"""Errors as logs tell them: what happened and where, and nothing that people sent."""

import traceback

from pydantic import ValidationError

from chassis.problems.errors import ProblemError

# The text of these is written by the system, the interpreter or a programmer; that of others
# often quotes the value that it complains about.
_PLAIN = (
    ProblemError,
    OSError,
    RuntimeError,
    ImportError,
    NameError,
    AttributeError,
    TypeError,
    ArithmeticError,
)
WITHHELD = "(its text may hold data)"


def text_of(error: BaseException) -> str:
    """Say what an error says, as far as that cannot be what people sent."""
    if isinstance(error, _PLAIN) and not isinstance(error, UnicodeError):
        return str(error)
    if isinstance(error, ValidationError):
        kinds = sorted({str(item["type"]) for item in error.errors(include_input=False)})
        return f"{error.error_count()} of {error.title}: {', '.join(kinds)}"
    if state := getattr(error, "sqlstate", None):
        return f"SQLSTATE {state}"
    return WITHHELD if str(error) else ""


def described(error: BaseException) -> str:
    """Name an error and say what it says."""
    text = text_of(error)
    name = type(error).__name__
    return f"{name}: {text}" if text else name


def with_causes(error: BaseException) -> list[BaseException]:
    """Give an error and what led to it, in the order in which it happened."""
    found: dict[int, BaseException] = {}
    left = [error]
    while left:
        one = left.pop()
        if id(one) in found:
            continue
        found[id(one)] = one
        before = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
        left += [] if before is None else [before]
        left += one.exceptions if isinstance(one, BaseExceptionGroup) else []
    return list(reversed(found.values()))


def formatted(error: BaseException) -> str:
    """Write the traceback of an error and of what led to it."""
    parts = []
    for one in with_causes(error):
        frames = "".join(traceback.format_tb(one.__traceback__))
        parts.append(f"Traceback (most recent call last):\n{frames}{described(one)}")
    return "\n\nwhich led to\n\n".join(parts)
