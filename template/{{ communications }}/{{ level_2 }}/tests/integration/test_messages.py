"""Messages in the running system: each step is taken once, whoever else takes it too."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from chassis_communications.declared import declared
from chassis_communications.message_events import EVENTS
from chassis_communications.messages import MESSAGES
from chassis_communications.suppressions import SUPPRESSIONS
from tests.integration.system import Started, system

AT_ONCE = 20
ANN = "ann@example.com"


@pytest.fixture
def data(services: dict[str, Started]) -> Iterator[httpx2.Client]:
    """Ask the data service."""
    (one,) = [one for one in system().services if one.in_database]
    with httpx2.Client(base_url=services[one.name].url, timeout=30) as http:
        yield http


@pytest.fixture
def business(services: dict[str, Started]) -> Iterator[httpx2.Client]:
    """Ask the business API."""
    (one,) = [one for one in system().services if not one.upgrade]
    with httpx2.Client(base_url=services[one.name].url, timeout=30) as http:
        yield http


@pytest.fixture
def message(data: httpx2.Client) -> dict[str, Any]:
    """A message that waits, addressed to nobody else's."""
    new = {"template": "hello", "channel": "email", "recipient": f"{uuid4().hex}@example.com"}
    answer = data.put(f"{MESSAGES}/{uuid4()}", json=new)
    answer.raise_for_status()
    queued: dict[str, Any] = answer.json()
    return queued


def at_once(do: Any) -> list[httpx2.Response]:
    """Do it in many threads."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(do, range(AT_ONCE)))


def test_a_message_that_is_asked_for_many_times_is_one(data: httpx2.Client) -> None:
    place, new = f"{MESSAGES}/{uuid4()}", {"template": "a", "channel": "email", "recipient": ANN}

    answers = at_once(lambda _number: data.put(place, json=new))

    assert {answer.status_code for answer in answers} == {200}
    assert data.put(place, json={**new, "template": "b"}).status_code == 409


def test_one_of_many_attempts_begins(data: httpx2.Client, message: dict[str, Any]) -> None:
    place = f"{MESSAGES}/{message['id']}"
    begun = [{"state": "sending", "attempt": str(uuid4())} for _ in range(AT_ONCE)]

    answers = at_once(lambda number: data.put(f"{place}/state", json=begun[number]))

    codes = [answer.status_code for answer in answers]
    assert (codes.count(200), codes.count(409)) == (1, AT_ONCE - 1)
    mine = begun[codes.index(200)]
    assert data.get(place).json()["attempts"] == 1
    late = {**begun[codes.index(409)], "state": "sent"}
    assert data.put(f"{place}/state", json=late).status_code == 409
    for _ in range(2):
        assert data.put(f"{place}/state", json={**mine, "state": "sent"}).status_code == 200
    count = {"address_hash": message["address_hash"], "since": message["created_at"]}
    assert data.get(f"{MESSAGES}/count", params=count).json() == {"number": 1}


def test_twenty_copies_of_an_event_are_one(data: httpx2.Client, message: dict[str, Any]) -> None:
    event = {"provider": "ses", "event_id": uuid4().hex, "message": message["id"], "told": "sent"}

    answers = at_once(lambda _number: data.put(EVENTS, json={"items": [event, event]}))

    assert {answer.status_code for answer in answers} == {204}
    (kept,) = due(data, event)
    assert (kept["attempts"], kept["told"]) == (0, "sent")
    # One that failed waits; one that is done is acted on no more.
    for outcome in ({"error": "Away."}, {"error": None}):
        assert data.put(f"{EVENTS}/{kept['id']}", json=outcome).status_code == 204
        assert not due(data, event)
    assert data.put(f"{EVENTS}/{uuid4()}", json={}).status_code == 404


def due(data: httpx2.Client, event: dict[str, Any]) -> list[dict[str, Any]]:
    """Give what is to be acted on of an event."""
    waiting = data.get(f"{EVENTS}/due").json()
    return [one for one in waiting if one["event_id"] == event["event_id"]]


def test_an_address_is_suppressed_once(business: httpx2.Client, data: httpx2.Client) -> None:
    address = {"channel": "email", "recipient": f"{uuid4().hex}@example.com"}

    answers = at_once(lambda _number: business.put(SUPPRESSIONS, json=address))

    (one,) = {answer.json()["id"] for answer in answers}
    found = data.get(SUPPRESSIONS, params={"address_hash": answers[0].json()["address_hash"]})
    assert [kept["id"] for kept in found.json()["items"]] == [one]
    assert business.delete(f"{SUPPRESSIONS}/{one}").status_code == 204


def test_a_client_asks_and_is_told(business: httpx2.Client) -> None:
    name, template = next(iter(declared().templates.items()))
    key = uuid4().hex
    asked = {"template": name, "channel": "email", "recipient": ANN, "key": key}

    answers = [
        business.post(MESSAGES, json={**asked, "data": dict(template.sample)}) for _ in range(2)
    ]

    assert {answer.status_code for answer in answers} == {202}
    place = answers[0].headers["location"]
    assert place == answers[1].headers["location"]
    assert business.get(place).json()["state"] == "queued"
    history = business.get(f"{place}/history")
    assert history.is_success
    assert ANN not in history.text
