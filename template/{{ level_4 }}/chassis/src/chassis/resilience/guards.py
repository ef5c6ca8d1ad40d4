import asyncio
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from chassis.deadlines.time_left import HEADER, time_left
from chassis.http_client import Call, Reply, Request
from chassis.problems import OutcomeUnknown, Unavailable
from chassis.resilience.breaker import Breaker
from chassis.resilience.bulkhead import Bulkhead
from chassis.resilience.settings import Settings

NO_TIME = "There is no time left for this."
NOT_CONFIRMED = "A service that is needed for this did not confirm in time: it may be done or not."
FAILURES = frozenset({502, 503, 504})
MOST_SERVICES = 100
"""Addresses may come from what people send: the guards of others are forgotten, oldest first."""


@dataclass
class Guard:
    """What stands before the calls to one service."""

    breaker: Breaker
    bulkhead: Bulkhead
    late: int = 0
    """Calls that were not made, or not waited for, as the time of their request was over."""


class Guards:
    """Makes calls that end with the deadline, and leaves alone what is ill."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._guards: OrderedDict[str, Guard] = OrderedDict()

    def __iter__(self) -> Iterator[tuple[str, Guard]]:
        """Give the guards with the services, their hosts and ports, that they stand before."""
        return iter(list(self._guards.items()))

    async def __call__(self, request: Request, call: Call) -> Reply:
        """Make a call if every guard lets it pass."""
        guard = self.before(urlsplit(request.url).netloc.rpartition("@")[2])  # no password
        async with guard.bulkhead.place():
            left = time_left()
            if left is not None and left <= 0:
                guard.late += 1
                raise Unavailable(NO_TIME)
            trying = guard.breaker.admit()
            failed: bool | None = None
            try:
                reply = await _in_time(request, call, left)
                failed = reply.status in FAILURES and not reply.overload
            except (Unavailable, OutcomeUnknown):
                failed = True
                raise
            except TimeoutError:  # of the deadline: it says nothing of the service
                guard.late += 1
                raise _late(request) from None
            finally:
                guard.breaker.settle(trying=trying, failed=failed)
            return reply

    def before(self, service: str) -> Guard:
        """Give the guard before a service, named by its host and port."""
        if guard := self._guards.get(service):
            self._guards.move_to_end(service)
            return guard
        of = self._settings
        guard = self._guards[service] = Guard(
            Breaker(of.breaker_calls, of.breaker_share, of.breaker_pause),
            Bulkhead(of.bulkhead_calls, of.bulkhead_patience),
        )
        if len(self._guards) > MOST_SERVICES:
            self._guards.popitem(last=False)
        return guard


async def _in_time(request: Request, call: Call, left: float | None) -> Reply:
    """Make a call that ends with the request, and say how much time it has."""
    if left is None:
        return await call(request)
    headers = {**(request.headers or {}), HEADER: str(max(int(left * 1000), 1))}
    async with asyncio.timeout(left):
        return await call(replace(request, headers=headers))


def _late(request: Request) -> Unavailable | OutcomeUnknown:
    return Unavailable(NO_TIME) if request.method == "GET" else OutcomeUnknown(NOT_CONFIRMED)
