"""Cache and idempotency keys on a real Redis, and what is left when it is away."""

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx2
import pytest
import redis

from tests.integration.collections import Collection, Records, collections, is_problem
from tests.integration.servers import RunningServer
from tests.integration.system import Started, document, system

KEY = "Idempotency-Key"
TIMEOUT_S = 20
RECOVERY_S = 30
AT_ONCE = 8


@pytest.fixture(params=[service.name for service in system().services if not service.upgrade])
def records(request: pytest.FixtureRequest, services: Mapping[str, Started]) -> Iterator[Records]:
    """A business service, and who makes records through it."""
    url = services[request.param].url
    with httpx2.Client(base_url=url, timeout=TIMEOUT_S) as http:
        made = Records(http, document(request.param))
        yield made
        made.remove_all()


@pytest.fixture
def one(records: Records) -> Collection:
    """A collection whose records can be created by what its schema says."""
    for found in collections(records.document):
        answer, _ = records.try_to_create(found)
        if answer.status_code == 201:
            return found
    pytest.skip("it has no collection that takes what its schema allows")


@pytest.fixture
def real_redis(others: Mapping[str, RunningServer]) -> RunningServer:
    """The Redis of the services."""
    return others["redis"]


def key() -> dict[str, str]:
    """Give the header with a new key."""
    return {KEY: str(uuid4())}


def body(records: Records, collection: Collection) -> dict[str, object]:
    """Make a body that the service has not seen, with references that exist."""
    made = records.body(collection)
    records._refer(collection, made, anew=False)
    return made


def remember(records: Records, collection: Collection, answer: httpx2.Response) -> None:
    """Have a record removed in the end."""
    if answer.status_code == 201:
        records.made.append(collection.of(answer.json()["id"]))


def test_what_was_asked_is_kept_until_a_write(
    records: Records, one: Collection, real_redis: RunningServer
) -> None:
    with redis.Redis.from_url(real_redis.url) as client:
        client.flushall()
        before = records.http.get(one.path, params={"limit": 1}).json()
        assert list(client.scan_iter("*:answer:*"))
        assert records.http.get(one.path, params={"limit": 1}).json() == before

    records.create(one)

    assert records.http.get(one.path, params={"limit": 1}).json() != before


def test_a_repeat_gets_the_first_answer(records: Records, one: Collection) -> None:
    header, given = key(), body(records, one)

    first = records.http.post(one.path, json=given, headers=header)
    again = records.http.post(one.path, json=given, headers=header)
    other = records.http.post(one.path, json={}, headers=header)

    remember(records, one, first)
    assert first.status_code == again.status_code == 201, first.text
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    is_problem(other, 409)


def test_of_many_at_once_one_is_carried_out(records: Records, one: Collection) -> None:
    header, given = key(), body(records, one)

    def post(_number: int) -> httpx2.Response:
        return records.http.post(one.path, json=given, headers=header)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(post, range(AT_ONCE)))

    created = [answer for answer in answers if answer.status_code == 201]
    remember(records, one, created[0])
    assert len({answer.json()["id"] for answer in created}) == 1
    assert len([answer for answer in created if "Idempotency-Replayed" not in answer.headers]) == 1
    for answer in answers:
        if answer not in created:
            is_problem(answer, 409)
            assert answer.headers["Retry-After"] == "1"


def test_without_redis_the_service_answers_and_refuses_keys(
    records: Records, one: Collection, real_redis: RunningServer
) -> None:
    header, given = key(), body(records, one)
    with real_redis.away():
        assert records.http.get(one.path).status_code == 200
        is_problem(records.http.post(one.path, json=given, headers=header), 503)
        answer = records.http.post(one.path, json=given)
        remember(records, one, answer)
        assert answer.status_code == 201, answer.text
        newest = records.http.get(one.path, params={"limit": 1}).json()["items"]
        assert newest == [answer.json()]
        ready = records.http.get("/ready")
        assert (ready.status_code, list(ready.json()["degraded"])) == (200, ["redis"])
        assert records.http.get("/health").status_code == 200

    deadline = time.monotonic() + RECOVERY_S
    while records.http.get("/ready").json() != {"status": "ready"}:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    answer = records.http.post(one.path, json=body(records, one), headers=header)
    remember(records, one, answer)
    assert answer.status_code == 201, answer.text
