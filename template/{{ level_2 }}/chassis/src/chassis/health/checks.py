import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from chassis.problems import ProblemError

logger = logging.getLogger(__name__)

LATE = "Does not answer in time."
FAILED = "Does not work."

type Check = Callable[[], Awaitable[None]]
"""Raises when something does not work."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What does not work, with the reason: what requests need, and what they can do without."""

    needed: Mapping[str, str]
    optional: Mapping[str, str]


class Checks:
    """What has to work before a service can do its own work, and what it can do without."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._checks: dict[str, Check] = {}
        self._optional: set[str] = set()
        self._late: set[asyncio.Future[None]] = set()
        self._failing: set[str] = set()

    def add(self, name: str, check: Check, *, optional: bool = False) -> None:
        """Have a check made whenever somebody asks; the name is public.

        One that is optional is of something that the service can do without.
        """
        self._checks[name] = check
        self._optional.discard(name)
        if optional:
            self._optional.add(name)

    async def findings(self) -> Findings:
        """Make all checks at once, and give the reason why each of the failing ones fails.

        Takes no longer than the timeout, even if a check cannot be interrupted.
        """
        running = {name: asyncio.ensure_future(check()) for name, check in self._checks.items()}
        if running:
            try:
                await asyncio.wait(running.values(), timeout=self._timeout)
            finally:
                self._give_up({task for task in running.values() if not task.done()})
        failures = {name: reason for name, task in running.items() if (reason := _reason(task))}
        self._tell(failures)
        needed = {name: why for name, why in failures.items() if name not in self._optional}
        optional = {name: why for name, why in failures.items() if name in self._optional}
        return Findings(needed, optional)

    async def close(self) -> None:
        """Wait for what was given up, which may take a moment to end."""
        if self._late:
            await asyncio.wait(self._late, timeout=self._timeout)

    def _give_up(self, late: set[asyncio.Future[None]]) -> None:
        for task in late:
            task.cancel()
            self._late.add(task)
            task.add_done_callback(self._late.discard)
            task.add_done_callback(_take_note)

    def _tell(self, failures: dict[str, str]) -> None:
        """Log what has changed; a probe comes every few seconds."""
        for name in failures.keys() - self._failing:
            state = "Degraded" if name in self._optional else "Not ready"
            logger.warning("%s: %s: %s", state, name, failures[name])
        for name in self._failing - failures.keys():
            logger.info("Ready again: %s", name)
        self._failing = set(failures)


def _reason(task: asyncio.Future[None]) -> str:
    if not task.done() or task.cancelled():
        return LATE
    match task.exception():
        case None:
            return ""
        case ProblemError() as error:
            return error.detail
        case TimeoutError():
            return LATE
        case error:
            logger.error("A readiness check failed", exc_info=error)
            return FAILED


def _take_note(task: asyncio.Future[None]) -> None:
    """Look at the error of a check that nobody waits for any more, or the event loop complains."""
    if not task.cancelled():
        task.exception()
