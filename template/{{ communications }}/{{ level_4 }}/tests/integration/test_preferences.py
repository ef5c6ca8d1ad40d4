"""What people want, and their erasure, in the running system."""

from collections.abc import Iterator
from uuid import uuid4

import httpx2
import pytest

from chassis.audit.entries import AUDIT
from chassis_communications.messages import MESSAGES
from chassis_communications.preferences import ERASURES, PREFERENCES
from chassis_communications.suppressions import SUPPRESSIONS
from tests.integration.system import Started, system


@pytest.fixture
def data(services: dict[str, Started]) -> Iterator[httpx2.Client]:
    """Ask the data service."""
    (one,) = [one for one in system().services if one.in_database]
    with httpx2.Client(base_url=services[one.name].url, timeout=30) as http:
        yield http


def test_what_is_not_said_stays(data: httpx2.Client) -> None:
    ann = {"channel": "email", "recipient": f"{uuid4().hex}@example.com"}

    first = data.put(PREFERENCES, json={**ann, "a_day": 2}).json()
    said = data.put(f"{PREFERENCES}/{first['id']}/consent", json={"consent": "given"}).json()
    again = data.put(PREFERENCES, json={**ann, "quiet_hours": "22:00-07:00"}).json()

    assert (first["consent"], said["consent"]) == (None, "given")
    assert said["consent_at"] == again["consent_at"]
    assert (again["id"], again["a_day"], again["consent"]) == (first["id"], 2, "given")


def test_of_who_is_erased_no_address_is_left(data: httpx2.Client) -> None:
    ann = {"channel": "email", "recipient": f"{uuid4().hex}@example.com"}
    place = f"{MESSAGES}/{uuid4()}"
    data.put(place, json={"template": "a", "data": {"name": "Ann"}, **ann}).raise_for_status()
    preference = data.put(PREFERENCES, json={**ann, "a_day": 2}).json()

    answers = [data.put(ERASURES, json=ann).json() for _ in range(2)]

    assert answers == [{"messages": 1}, {"messages": 0}]
    left = data.get(place).json()
    assert (left["recipient"], left["data"], left["state"]) == ("erased", {}, "withheld")
    assert data.get(f"{PREFERENCES}/{preference['id']}").status_code == 404
    # What is told of a message of theirs later is still known to be of them.
    digest = f"email/{preference['address_hash']}"
    said = data.put(f"{PREFERENCES}/{digest}/consent", json={"consent": "withdrawn"})
    kept = data.put(f"{SUPPRESSIONS}/{digest}", json={"cause": "complaint"})
    assert (said.json()["consent"], kept.json()["cause"]) == ("withdrawn", "complaint")


def test_the_audit_log_has_all_of_it_and_no_address(data: httpx2.Client) -> None:
    ann = {"channel": "email", "recipient": f"{uuid4().hex}@example.com"}
    first = data.put(PREFERENCES, json={**ann, "a_day": 2}).json()
    data.put(f"{PREFERENCES}/{first['id']}/consent", json={"consent": "given"}).raise_for_status()
    for _ in range(2):
        data.put(ERASURES, json=ann).raise_for_status()

    log = data.get(AUDIT, params={"subject_id": first["id"]})

    entries = log.json()["items"]
    assert [one["action"] for one in entries] == ["delete", "update", "create"]
    assert [one["changed"] for one in entries] == [
        [],
        ["consent", "consent_at"],
        ["a_day", "address_hash", "channel"],
    ]
    assert ann["recipient"] not in log.text
