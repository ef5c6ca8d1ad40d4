"""What a request may have changed so far, as its calls of other services show."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class Effects:
    """Whether anything may have been changed, as far as can be seen."""

    possible: bool = False


_watched: ContextVar[Effects | None] = ContextVar("effects", default=None)


@contextmanager
def watched() -> Iterator[Effects]:
    """See what is written in this block, and in the tasks that it starts."""
    effects = _watched.get() or Effects()
    token = _watched.set(effects)
    try:
        yield effects
    finally:
        _watched.reset(token)


def may_have_changed() -> bool:
    """Say whether the request that is being worked on may have changed anything."""
    effects = _watched.get()
    return effects is not None and effects.possible


def take_note() -> None:
    """Remember that something may have been changed."""
    if effects := _watched.get():
        effects.possible = True
