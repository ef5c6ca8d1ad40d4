"""Calls to providers over HTTP: what was surely not taken is told from what nobody knows."""

from http import HTTPStatus
from typing import Any

import httpx2

from chassis.problems import OutcomeUnknown
from chassis_communications.providers.port import NotReached, NotSent

NO_ANSWER = "The provider did not answer: it may be sent or not."
UNREACHABLE = "The provider could not be reached."
BUSY = "The provider wants to be left alone for a while."
NOT_LET_IN = "The provider does not know these credentials."
_NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


async def post(client: httpx2.AsyncClient, url: str, **sent: Any) -> httpx2.Response:
    """Give an answer of success, or a refusal; raises NotSent and OutcomeUnknown."""
    try:
        answer = await client.post(url, **sent)
    except _NEVER_SENT as error:
        raise NotReached(UNREACHABLE) from error
    except httpx2.HTTPError as error:
        raise OutcomeUnknown(NO_ANSWER) from error
    if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        raise NotSent(BUSY, again=True, after=_seconds(answer.headers.get("retry-after")))
    if answer.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise NotSent(NOT_LET_IN, again=True)
    if answer.status_code == HTTPStatus.REQUEST_TIMEOUT or not _is_definite(answer):
        raise OutcomeUnknown(NO_ANSWER)
    return answer


def _is_definite(answer: httpx2.Response) -> bool:
    return answer.is_success or answer.is_client_error


def _seconds(text: str | None) -> float:
    return float(text) if text and text.isdigit() else 0
