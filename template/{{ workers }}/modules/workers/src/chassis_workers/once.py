"""Writes that happen once, however often their message is handled.

Every write that is made while a message is handled carries a key in the header ``Message-Key``.
The data service keeps the key in the transaction of the write; a write that comes with the same
key again is answered with what the first one stored. If it is not the same write, it is refused,
and the message with it: nobody can tell what should become of it.

A PUT needs no key. It says what shall be there afterwards, so twice is once, and what it says may
differ from one attempt to the next.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from http import HTTPStatus

from chassis.http_client import HttpClient, Reply, Request, raise_for_problem
from chassis.http_client.client import PASSING_STATUSES
from chassis.http_client.settings import Settings
from chassis.problems import Conflict, OutcomeUnknown, Overloaded, Unavailable
from chassis_rabbitmq.consuming.failures import Refused, ServiceAway, ServiceBusy

HEADER = "Message-Key"


class _Writes:
    """Makes the keys of one message's writes, the same at every attempt.

    A handler may write the same way several times, to add two records for instance; so equal
    writes are counted.
    """

    def __init__(self, consumer: str, message: str) -> None:
        self._message = f"{consumer}/{message}"
        self._made = Counter[tuple[str, str]]()

    def key(self, method: str, url: str) -> str:
        self._made[method, url] += 1
        return f"{self._message}/{self._made[method, url]}"


_writes: ContextVar[_Writes | None] = ContextVar("writes", default=None)
_key: ContextVar[str | None] = ContextVar("key", default=None)


@contextmanager
def on_behalf_of(consumer: str, message: str) -> Iterator[None]:
    """Give a key to every write that is made inside."""
    token = _writes.set(_Writes(consumer, message))
    try:
        yield
    finally:
        _writes.reset(token)


class MessageHttp(HttpClient):
    """Calls to other services; a write on behalf of a message carries its key.

    Raises ServiceAway where HttpClient raises Unavailable or OutcomeUnknown, and for 502, 503 and
    504: what was done is found by the key. Raises ServiceBusy where a service has too much to do, and
    Refused for a write that an earlier attempt made otherwise. A write on nobody's behalf has no key:
    what became of it may be unknown.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.header_providers.append(_headers)

    async def read(self, request: Request) -> Reply:
        """Make a call that changes nothing."""
        with _away_told():
            return _there(await super().read(request))

    async def write(self, request: Request) -> Reply:
        """Make a call that may change something; a PUT carries no key."""
        if request.method == "PUT":
            with _away_told():
                return _there(await super().write(request))
        if _writes.get() is None:
            return await super().write(request)
        with _away_told(), _keyed(request.method, request.url):
            return _made(await super().write(request), request.method, request.url)


@contextmanager
def _keyed(method: str, url: str) -> Iterator[None]:
    writes = _writes.get()
    token = _key.set(writes.key(method, url) if writes else None)
    try:
        yield
    finally:
        _key.reset(token)


def _headers() -> dict[str, str]:
    key = _key.get()
    return {} if key is None else {HEADER: key}


@contextmanager
def _away_told() -> Iterator[None]:
    try:
        yield
    except ServiceAway:
        raise
    except Overloaded as error:
        raise ServiceBusy(error.detail) from error
    except (OutcomeUnknown, Unavailable) as error:
        raise ServiceAway(error.detail) from error


def _made(reply: Reply, method: str, url: str) -> Reply:
    if reply.status == HTTPStatus.CONFLICT:
        try:
            raise_for_problem(reply)
        except Conflict as conflict:
            if any(error.field == HEADER for error in conflict.errors):
                raise Refused(f"{method} {url}: {conflict.detail}") from None
    return _there(reply)


def _there(reply: Reply) -> Reply:
    if reply.overload:
        raise ServiceBusy(f"A service that is needed for this is busy, and answers {reply.status}.")
    if reply.status in PASSING_STATUSES:
        raise ServiceAway(f"A service that is needed for this answers {reply.status}.")
    return reply
