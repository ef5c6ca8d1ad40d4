"""Calls to a provider over HTTP, and what their failures mean for money."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

import httpx2

from chassis.problems import OutcomeUnknown, Unavailable
from chassis_payments.providers.bounded import client_of
from chassis_payments.providers.port import FailedForGood, NotLetIn, NotThere, Refused

logger = logging.getLogger(__name__)

CONNECT_S = 3.0
AWAY = "{provider} does not answer. Nothing was done."
LOCKED_OUT = "{provider} does not take the credentials of this system. Nothing was done."
BUSY = "{provider} has too much to do. Nothing was done."
UNKNOWN = "{provider} did not confirm: it may be done or not."

# Another request with the same key is still being worked on: nobody knows how it will end.
_UNDECIDED = frozenset({HTTPStatus.CONFLICT, HTTPStatus.REQUEST_TIMEOUT})
NOT_LET_IN = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
"""How a key is answered that is wrong, was replaced, or may not do this."""

REPLAYED = "Idempotent-Replayed"
"""The header by which Stripe says that this is the answer that the key was given before."""

type Send = Callable[..., Awaitable[httpx2.Response]]


class Calls:
    """Calls to one provider; each ends in time, and none is made twice by itself."""

    def __init__(
        self,
        provider: str,
        url: str,
        timeout_s: float,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self.provider = provider
        self.url = url.rstrip("/")
        timeout = httpx2.Timeout(timeout_s, connect=CONNECT_S)
        self.client = client_of(timeout, transport, base_url=self.url)
        self.send: Send = self.client.request
        """What makes a call; something may be put before it."""

    async def __call__(self, method: str, path: str, **sent: Any) -> dict[str, Any]:
        """Make a call; raises what the port says."""
        answer = await self.answer(method, path, **sent)
        try:
            body = answer.json()
        except ValueError as error:
            raise self._doubtful(method) from error
        if not isinstance(body, dict):
            raise self._doubtful(method)
        return body

    async def answer(self, method: str, path: str, **sent: Any) -> httpx2.Response:
        """Make a call, and give the answer if it is a success."""
        try:
            answer = await self.send(method, path, **sent)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            raise Unavailable(AWAY.format(provider=self.provider)) from error
        except httpx2.HTTPError as error:
            raise self._doubtful(method) from error
        if answer.is_success:
            return answer
        raise self._failure(method, answer)

    def _failure(self, method: str, answer: httpx2.Response) -> Exception:
        if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            return Unavailable(BUSY.format(provider=self.provider))
        if answer.is_server_error and answer.headers.get(REPLAYED) == "true":
            return FailedForGood(UNKNOWN.format(provider=self.provider))
        if answer.status_code in _UNDECIDED or not answer.is_client_error:
            return self._doubtful(method)
        told = f"{self.provider}: {reason_of(answer)}"[:500]
        if answer.status_code in NOT_LET_IN:
            logger.warning("A call to %s is not let in", told)
            return NotLetIn(LOCKED_OUT.format(provider=self.provider))
        return NotThere(told) if answer.status_code == HTTPStatus.NOT_FOUND else Refused(told)

    def _doubtful(self, method: str) -> OutcomeUnknown | Unavailable:
        if method == "GET":
            return Unavailable(AWAY.format(provider=self.provider))
        return OutcomeUnknown(UNKNOWN.format(provider=self.provider))


def reason_of(answer: httpx2.Response) -> str:
    """Say why a provider has refused: by its word for it, never by what was sent."""
    try:
        body = answer.json()
    except ValueError:
        body = {}
    match body:
        case {"error": {"code": str(code)}}:  # Stripe
            return code
        case {"details": [{"issue": str(issue)}, *_]}:  # PayPal
            return issue
        case {"error": {"type": str(kind)}} | {"name": str(kind)} | {"error": str(kind)}:
            return kind
    return answer.reason_phrase or str(answer.status_code)


def only(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is None."""
    return {name: value for name, value in fields.items() if value is not None}
