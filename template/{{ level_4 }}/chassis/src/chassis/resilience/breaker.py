"""A circuit breaker, as M. Nygard has it in "Release It!"."""

import time
from collections import deque
from collections.abc import Callable

from chassis.problems import Unavailable

ILL = "A service that is needed for this keeps failing."


class LeftAlone(Unavailable):
    """Somebody keeps failing, and was not asked: 503."""


class Breaker:
    """Refuses calls to a service while it is ill.

    It is closed while calls succeed. When ``share`` of the last ``calls`` have failed it opens for
    ``pause`` seconds: every call is refused at once. Then one call tries, while others are still
    refused: the breaker closes when it succeeds, and opens again when it does not.
    """

    def __init__(
        self,
        calls: int,
        share: float,
        pause: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._outcomes: deque[bool] = deque(maxlen=calls)
        self._failures = 0
        self._share = share
        self._pause = pause
        self._clock = clock
        self._open_until: float | None = None
        self._trying = False
        self.refused = 0
        """Calls that were not let pass."""

    @property
    def is_open(self) -> bool:
        """Say whether calls are refused, but for one that tries."""
        return self._open_until is not None

    @property
    def refuses(self) -> bool:
        """Say whether a call would be refused now."""
        if self._open_until is None:
            return False
        return self._trying or self._clock() < self._open_until

    def admit(self) -> bool:
        """Let a call pass and say whether it is the one that tries, or raise LeftAlone.

        What became of it must be told to ``settle``.
        """
        if self.refuses:
            self.refused += 1
            raise LeftAlone(ILL)
        self._trying = self.is_open
        return self._trying

    def settle(self, *, trying: bool, failed: bool | None) -> None:
        """Take note of how a call ended; None where nobody knows how it would have ended."""
        if trying:
            self._trying = False
        if failed is None:
            return
        if trying and failed:
            self._open()
        elif trying:
            self._close()
        elif self._open_until is None:  # one that began before the breaker opened says nothing new
            self._count(failed=failed)

    def _count(self, *, failed: bool) -> None:
        full = len(self._outcomes) == self._outcomes.maxlen
        self._failures += failed - (full and self._outcomes[0])
        self._outcomes.append(failed)
        enough = len(self._outcomes) == self._outcomes.maxlen
        if enough and self._failures >= self._share * len(self._outcomes):
            self._open()

    def _open(self) -> None:
        self._open_until = self._clock() + self._pause

    def _close(self) -> None:
        self._open_until = None
        self._outcomes.clear()
        self._failures = 0
