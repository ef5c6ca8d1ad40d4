from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from http import HTTPStatus

import aiohttp

from chassis.http_client import Reply
from chassis.problems import Unavailable
from chassis_redis.http import Call, HttpLayer

_NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


@dataclass(slots=True)
class Effects:
    """Whether a request may have changed anything, as far as can be seen."""

    possible: bool = False


_watched: ContextVar[Effects | None] = ContextVar("effects", default=None)


@contextmanager
def watched() -> Iterator[Effects]:
    """See what is written in this block, and in the tasks that it starts."""
    effects = Effects()
    token = _watched.set(effects)
    try:
        yield effects
    finally:
        _watched.reset(token)


class WatchedHttp(HttpLayer):
    """Takes note of the writes that were, or may have been, carried out."""

    async def write(self, _url: str, call: Call) -> Reply:
        """Make a call that may change something."""
        effects = _watched.get() or Effects()
        possible = True  # also if this is cancelled
        try:
            reply = await call()
            possible = not _refused(reply)
        except Unavailable as error:
            possible = not isinstance(error.__cause__, _NEVER_SENT)
            raise
        finally:
            effects.possible |= possible
        return reply


def _refused(reply: Reply) -> bool:
    """Say whether a service has done nothing; 503 means by its definition that it could not."""
    status = reply.status
    client_error = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return client_error or status == HTTPStatus.SERVICE_UNAVAILABLE
