"""Where updates come from, as those who handle them see it."""

from collections.abc import Collection, Sequence
from typing import Protocol

from aiogram.types import Update


class NoUpdates(Exception):  # noqa: N818  # nothing is wrong with those who ask
    """None come for now, and why; after the pause in seconds, if there is one, it is worth asking again."""

    def __init__(self, reason: str, pause_s: float | None = None) -> None:
        super().__init__(reason)
        self.pause_s = pause_s


class Taken(NoUpdates):
    """None come because they go elsewhere: to another process, or to a webhook."""


class Source(Protocol):
    """Gives updates, each again and again until it is done."""

    @property
    def trouble(self) -> str:
        """Say what keeps updates from coming, though whoever asks is answered; empty where nothing does."""
        ...

    async def begin(self, kinds: Sequence[str]) -> None:
        """Have updates come this way, of these kinds as Telegram calls them.

        Raises NoUpdates, and NoTokenError.
        """
        ...

    async def ask(self, in_hand: Collection[int], seconds: int) -> Sequence[Update]:
        """Confirm what is done, and give what is neither done nor in hand, in order.

        Waits so long for the first. Raises NoUpdates, and NoTokenError.
        """
        ...

    def done(self, update_id: int) -> None:
        """Take note that an update need not come again."""
        ...

    async def end(self, in_hand: Collection[int]) -> None:
        """Confirm what is done, for the last time; what is in hand comes again. Raises NoUpdates."""
        ...
