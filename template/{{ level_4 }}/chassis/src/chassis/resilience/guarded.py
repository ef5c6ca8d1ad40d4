from collections.abc import Awaitable, Callable

from chassis.resilience.breaker import Breaker


class Guarded[**P, T]:
    """A call to somebody outside, made while a breaker lets it pass.

    Raises LeftAlone before anything is sent. An answer is a failure if ``is_failure`` says so;
    of what is raised, ``failures`` are. Anything else says nothing of who was called.
    """

    def __init__(
        self,
        call: Callable[P, Awaitable[T]],
        breaker: Breaker,
        failures: tuple[type[Exception], ...],
        is_failure: Callable[[T], bool] = lambda _answer: False,
    ) -> None:
        self._call = call
        self._breaker = breaker
        self._failures = failures
        self._is_failure = is_failure

    async def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Make the call."""
        trying = self._breaker.admit()
        failed: bool | None = None
        try:
            answer = await self._call(*args, **kwargs)
            failed = self._is_failure(answer)
        except self._failures:
            failed = True
            raise
        finally:
            self._breaker.settle(trying=trying, failed=failed)
        return answer
