"""Calls to providers: what they say of a device is told from what they say of themselves."""

import asyncio
from functools import cache
from http import HTTPStatus
from typing import Any

import httpx2

from chassis_realtime.push.providers.port import ProviderAway

LONGEST_WAIT_S = 3600

trusted = cache(httpx2.create_ssl_context)
"""The authorities that this machine trusts, read once: to read them takes longer than a call."""


def client_of(
    seconds: float, transport: httpx2.AsyncBaseTransport | None, **other: Any
) -> httpx2.AsyncClient:
    """Make a client for calls that take so many seconds at most.

    It gives up each step of a call earlier than `post` does the whole: only then does it know that a
    connection is dead, and opens another one for the next call.
    """
    return httpx2.AsyncClient(
        http2=True, timeout=seconds / 2, transport=transport, verify=trusted(), **other
    )


async def post(
    client: httpx2.AsyncClient, url: str, seconds: float, **sent: Any
) -> httpx2.Response:
    """Give an answer that is about the device; raises ProviderAway."""
    try:
        async with asyncio.timeout(seconds):
            answer = await client.post(url, **sent)
    except (httpx2.HTTPError, TimeoutError) as error:
        # Only what kind of error it is: its text, and that of its cause, may hold the address.
        raise ProviderAway(type(error).__name__) from None
    if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise ProviderAway(f"status {answer.status_code}", after=wait_of(answer))
    return answer


def wait_of(answer: httpx2.Response) -> float:
    """Give the seconds that a provider wants to be left alone for."""
    text = answer.headers.get("retry-after", "")
    return min(float(text), LONGEST_WAIT_S) if text.isascii() and text.isdigit() else 0


def told_by(answer: httpx2.Response) -> dict[str, Any]:
    """Read what a provider says in JSON; nothing where it is none."""
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
