"""Messages over HTTP: asked for, shown, listed; and addresses that get none."""

from types import SimpleNamespace
from typing import Any

import httpx2
import pytest

from chassis_communications.testing.kept import Kept

HELLO = {
    "template": "hello",
    "channel": "email",
    "recipient": "Ann@example.com",
    "data": {"person": "Ann"},
}
MESSAGES, SUPPRESSIONS = "/api/v1/messages", "/api/v1/suppressions"


async def test_a_message_is_queued_shown_and_listed(http: httpx2.AsyncClient, kept: Kept) -> None:
    answer = await http.post(MESSAGES, json=HELLO)

    shown = answer.json()
    assert (answer.status_code, shown["state"]) == (202, "queued")
    assert shown["recipient"] == "ann@example.com"
    assert (await http.get(answer.headers["location"])).json() == shown
    listed = await http.get(MESSAGES, params={"state": "queued", "channel": "email"})
    assert listed.json()["items"] == [shown]
    assert len(kept.messages) == 1
    assert "attempt" not in shown


async def test_under_one_key_it_is_one_message(http: httpx2.AsyncClient, kept: Kept) -> None:
    first, second = [await http.post(MESSAGES, json={**HELLO, "key": "7"}) for _ in range(2)]
    other = await http.post(MESSAGES, json={**HELLO, "key": "7", "data": {"person": "Bob"}})

    assert first.json() == second.json()
    assert other.status_code == 409
    assert len(kept.messages) == 1


async def test_a_key_is_that_of_who_sends_it(http: httpx2.AsyncClient, kept: Kept) -> None:
    transport = http._transport
    assert isinstance(transport, httpx2.ASGITransport)

    def as_(name: str) -> httpx2.AsyncClient:
        async def known(scope: Any, receive: Any, send: Any) -> None:
            user = SimpleNamespace(identity=name)
            await transport.app({**scope, "user": user}, receive, send)

        return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=known), base_url="http://x")

    async with as_("ann") as ann, as_("ann 7") as other:
        first = await ann.post(MESSAGES, json={**HELLO, "key": "7"})
        second = await other.post(MESSAGES, json={**HELLO, "key": "7", "data": {"person": "Bob"}})
        again = await ann.post(MESSAGES, json={**HELLO, "key": "7"})

    assert (first.status_code, second.status_code) == (202, 202)
    assert again.json()["id"] == first.json()["id"]
    assert len(kept.messages) == 2


async def test_what_lets_somebody_in_is_shown_to_nobody(
    http: httpx2.AsyncClient, kept: Kept
) -> None:
    answer = await http.post(MESSAGES, json={**HELLO, "template": "alarm"})

    listed = (await http.get(MESSAGES)).json()["items"]
    shown = (await http.get(answer.headers["location"])).json()
    assert [one["data"] for one in (answer.json(), shown, *listed)] == [{}] * 3
    assert [one.data for one in kept.messages.values()] == [{"person": "Ann"}]


async def test_without_a_key_each_is_another(http: httpx2.AsyncClient, kept: Kept) -> None:
    for _ in range(2):
        await http.post(MESSAGES, json=HELLO)

    assert len(kept.messages) == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"template": "none"}, "template"),
        ({"template": "bare"}, "channel"),
        ({"data": {}}, "data"),
        ({"recipient": "ann"}, "recipient"),
        ({"channel": "sms"}, "recipient"),
        ({"channel": "pigeon"}, "channel"),
        ({"state": "sent"}, "state"),
    ],
)
async def test_what_cannot_be_sent_is_told_at_once(
    http: httpx2.AsyncClient, kept: Kept, change: dict[str, Any], field: str
) -> None:
    answer = await http.post(MESSAGES, json={**HELLO, **change})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].endswith(field)
    assert not kept.messages


async def test_an_address_is_suppressed_and_released(http: httpx2.AsyncClient, kept: Kept) -> None:
    address = {"channel": "email", "recipient": "ann@example.com"}

    put = await http.put(SUPPRESSIONS, json=address)

    assert put.json()["cause"] == "manual"
    assert "ann@" not in put.text
    assert (await http.get(SUPPRESSIONS)).json()["items"] == [put.json()]
    released = await http.delete(f"{SUPPRESSIONS}/{put.json()['id']}")
    assert (released.status_code, kept.suppressed) == (204, {})
