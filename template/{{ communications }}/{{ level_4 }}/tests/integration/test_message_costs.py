"""What messages cost, added up by PostgreSQL."""

import datetime as dt
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx2
import pytest

from chassis_communications.messages import MESSAGES
from chassis_communications.spending import COSTS
from tests.integration.system import Started, system


@pytest.fixture
def data(services: dict[str, Started]) -> Iterator[httpx2.Client]:
    """Ask the data service."""
    (one,) = [one for one in system().services if one.in_database]
    with httpx2.Client(base_url=services[one.name].url, timeout=30) as http:
        yield http


def test_what_was_attempted_is_added_up(data: httpx2.Client) -> None:
    country = f"+99{secrets.randbelow(10**6):06}"
    begun = dt.datetime.now(dt.UTC).isoformat()
    for recipient, cost in (
        (f"{country}11", 7500),
        (f"{country}22", 15_000),
        (f"{country}12", None),
    ):
        place, new = f"{MESSAGES}/{uuid4()}", {"template": "a", "channel": "sms"}
        new["recipient"] = recipient
        data.put(place, json=new).raise_for_status()
        if cost:
            sending = {"state": "sending", "attempt": str(uuid4()), "provider": "tried"}
            told = {**sending, "segments": 2, "cost": cost}
            data.put(f"{place}/state", json=told).raise_for_status()

    def total(**asked: str) -> dict[str, int]:
        answer = data.get(f"{COSTS}/total", params={"since": begun, **asked})
        answer.raise_for_status()
        found: dict[str, int] = answer.json()
        return found

    assert total(channel="sms", beginning=f"{country}1") == {"messages": 1, "cost": 7500}
    assert total(beginning=country) == {"messages": 2, "cost": 22_500}
    assert total(channel="email", beginning=country) == {"messages": 0, "cost": 0}
    listed = data.get(COSTS, params={"since": begun}).json()["items"]
    (day,) = [one for one in listed if one["provider"] == "tried"]
    assert (day["messages"], day["segments"], day["cost"]) == (2, 4, 22_500)


def test_what_is_billed_takes_the_place_of_the_estimate_once(data: httpx2.Client) -> None:
    begun, country = dt.datetime.now(dt.UTC).isoformat(), f"+98{secrets.randbelow(10**6):06}"

    def sent(number: str, attempts: int) -> str:
        place = str(uuid4())
        new = {"template": "a", "channel": "sms", "recipient": f"{country}{number}"}
        data.put(f"{MESSAGES}/{place}", json=new).raise_for_status()
        for turn in range(1, attempts + 1):
            attempt = {"attempt": str(uuid4())}
            told = {**attempt, "state": "sending", "segments": 1, "cost": 10_000 * turn}
            data.put(f"{MESSAGES}/{place}/state", json=told).raise_for_status()
            told = {**attempt, "state": "queued"}
            if turn == attempts:  # it is told what became of it before the answer is recorded
                data.put(f"{MESSAGES}/{place}/state", json={"state": "delivered"})
                told = {**attempt, "state": "sent", "provider_id": f"SM{number}"}
            data.put(f"{MESSAGES}/{place}/state", json=told).raise_for_status()
        return place

    def unpriced(**asked: str | int) -> list[str]:
        answer = data.get(f"{COSTS}/unpriced", params={"since": begun, **asked})
        return [one["id"] for one in answer.raise_for_status().json()["items"]]

    once, other = sent("1", 1), sent("2", 1)
    thrice = sent("3", 3)
    waiting = unpriced()
    assert waiting == sorted([once, other, thrice])
    assert waiting == unpriced(limit=1) + unpriced(after=waiting[0])

    for place in (once, thrice):
        url, body = f"{COSTS}/{place}/price", {"price": 7900, "estimate": 10_000}
        with ThreadPoolExecutor(8) as pool:
            answers = [pool.submit(data.put, url, json=body) for _ in range(16)]
        assert {one.result().status_code for one in answers} == {204}

    assert unpriced() == [other]
    costs = [data.get(f"{MESSAGES}/{one}").json()["cost"] for one in (once, other, thrice)]
    assert costs == [7900, 10_000, 27_900]
    total = data.get(f"{COSTS}/total", params={"since": begun, "beginning": country}).json()
    assert total == {"messages": 3, "cost": sum(costs)}
    missing = data.put(f"{COSTS}/{uuid4()}/price", json={"price": 1, "estimate": 1})
    assert missing.status_code == 404
