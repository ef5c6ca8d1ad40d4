"""No more is read of an answer than a bound, whoever sends it."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from chassis.problems import OutcomeUnknown
from chassis_payments.providers.bounded import MOST
from chassis_payments.providers.calling import Calls

PART = b"x" * 65536


async def endless(sent: list[int]) -> AsyncIterator[bytes]:
    while True:
        sent.append(len(PART))
        yield PART


def calls(answer: httpx2.Response) -> Calls:
    return Calls("Stripe", "http://stripe", 1, httpx2.MockTransport(lambda _request: answer))


async def test_an_endless_answer_is_no_longer_read() -> None:
    sent = list[int]()

    with pytest.raises(OutcomeUnknown):
        await calls(httpx2.Response(200, content=endless(sent)))("POST", "/charges")

    assert sum(sent) <= MOST + len(PART)


async def test_what_nobody_asked_to_be_compressed_is_not_unpacked() -> None:
    packed = httpx2.Response(
        200, headers={"Content-Encoding": "gzip"}, stream=httpx2.ByteStream(b"")
    )

    with pytest.raises(OutcomeUnknown):
        await calls(packed)("POST", "/charges")


async def test_any_other_answer_is_read() -> None:
    assert await calls(httpx2.Response(200, json={"id": "ch_1"}))("GET", "/charges") == {
        "id": "ch_1"
    }
