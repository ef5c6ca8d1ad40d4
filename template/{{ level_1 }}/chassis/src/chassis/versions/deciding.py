import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any

from chassis.problems import Conflict, Outdated

ATTEMPTS = 10
LONGEST_PAUSE_S = 0.25
BUSY = "Others change this all the time. Nothing was done: try again."


def decides_again[**P, R](
    use_case: Callable[P, Awaitable[R]],
) -> Callable[P, Coroutine[Any, Any, R]]:
    """Let a use case that raised Outdated look at the record anew, and decide once more.

    Not if it was called with a ``version``: then it is the caller who has to look again.
    """

    @wraps(use_case)
    async def decided(*args: P.args, **kwargs: P.kwargs) -> R:
        for attempt in range(ATTEMPTS):
            try:
                return await use_case(*args, **kwargs)
            except Outdated:
                if kwargs.get("version") is not None:
                    raise
            await asyncio.sleep(_pause(attempt))
        raise Conflict(BUSY)

    return decided


def _pause(attempt: int) -> float:
    """Give the seconds to wait: at random, so that those who collided do not do so again."""
    return random.uniform(0, min(0.01 * 2**attempt, LONGEST_PAUSE_S))  # noqa: S311  # no secret
