"""What messages cost, added up by PostgreSQL."""

import datetime as dt
import secrets
from collections.abc import Iterator
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
