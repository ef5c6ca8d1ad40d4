"""Documents on a real server: what is acknowledged is there, whatever happens to it."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Self
from uuid import UUID, uuid4

import httpx2
import pytest
from sqlalchemy import delete, insert

from chassis.database import Database, DatabaseSettings
from chassis_mongodb.telling.model import UntoldActivity
from chassis_mongodb.telling.store import Untold
from tests.integration.collections import Collection, Records, collections, is_problem
from tests.integration.servers import RunningServer
from tests.integration.system import Started, document, system

PATH = "/api/v1/activities"
TIMEOUT_S = 20
PATIENCE_S = 60
WRITERS = 4
SOME = 20
DONE = {200, 201}


@pytest.fixture
def http(services: Mapping[str, Started]) -> Iterator[httpx2.Client]:
    """A client of the document service."""
    (url,) = (
        one.url for one in services.values() if one.service.upgrade and not one.service.in_database
    )
    with httpx2.Client(base_url=url, timeout=TIMEOUT_S) as client:
        yield client


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


def activity(subject: UUID) -> dict[str, object]:
    """Make an activity."""
    return {"type": "test.done", "subject": str(subject), "at": "2026-01-31T12:00:00Z"}


class Writers:
    """Several clients that store activities, each again and again until it is acknowledged."""

    def __init__(self, http: httpx2.Client) -> None:
        self.subject = uuid4()
        self.acknowledged: list[str] = []
        self._http = http
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._write) for _ in range(WRITERS)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, more: int) -> None:
        """Wait until so many more are acknowledged."""
        wanted = len(self.acknowledged) + more
        deadline = time.monotonic() + PATIENCE_S
        while len(self.acknowledged) < wanted:
            assert time.monotonic() < deadline, "nothing is stored"
            time.sleep(0.01)

    def _write(self) -> None:
        while not self._stop.is_set():
            activity_id = str(uuid4())
            deadline = time.monotonic() + PATIENCE_S
            while time.monotonic() < deadline:
                answer = self._http.put(f"{PATH}/{activity_id}", json=activity(self.subject))
                if answer.status_code in DONE:
                    self.acknowledged.append(activity_id)
                    break
                assert answer.status_code in {503, 504}, answer.text
                time.sleep(0.05)


def listed(http: httpx2.Client, subject: UUID) -> list[str]:
    """Give the ids of all activities of a subject."""
    found: list[str] = []
    params: dict[str, str | int] = {"subject": str(subject), "limit": 100}
    while True:
        page = http.get(PATH, params=params).json()
        found += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            return found
        params["cursor"] = page["next_cursor"]


def test_what_is_acknowledged_survives_and_is_there_once(
    http: httpx2.Client, others: Mapping[str, RunningServer]
) -> None:
    with Writers(http) as writers:
        writers.wait_for(SOME)
        with others["mongodb"].away():
            assert http.get("/health").status_code == 200
            assert http.get("/ready").status_code == 503
        writers.wait_for(SOME)

    found = listed(http, writers.subject)
    assert len(found) == len(set(found))
    assert set(writers.acknowledged) <= set(found)
    assert http.get("/ready").status_code == 200


def test_what_happens_to_a_record_is_in_its_history(records: Records, one: Collection) -> None:
    kept = records.create(one)
    path = records.made[-1]

    (created,) = history(records, path, 1)
    assert created["data"] == kept
    assert created["type"].endswith(".created")

    assert records.http.delete(path).status_code == 204
    records.made.remove(path)
    latest, before = history(records, path, 2)
    assert before == created
    assert (latest["type"].rpartition(".")[2], latest["data"]) == ("deleted", None)


def test_without_mongodb_records_are_kept_and_the_history_catches_up(
    records: Records, one: Collection, others: Mapping[str, RunningServer]
) -> None:
    with others["mongodb"].away():
        kept = [records.create(one) for _ in range(3)]
        assert records.http.get("/ready").status_code == 200
        answer = records.http.get(f"{one.of(kept[0]['id'])}/history")
        is_problem(answer, 503, 504)

    for record in kept:
        (created,) = history(records, one.of(record["id"]), 1)
        assert created["data"] == record


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Connections to the database of the services, which has no refused activities afterwards."""
    database = Database(DatabaseSettings(database_url=database_url))
    yield database
    async with database.begin() as connection:
        await connection.execute(delete(UntoldActivity))
    await database.close()


NO_ACTIVITIES = ["garbage", "[1]", "{}", '{"type": "X", "at": "2026-01-01T00:00:00Z", "data": {}}']


async def test_what_is_refused_holds_up_no_history(
    records: Records, one: Collection, database: Database
) -> None:
    untold = Untold(database)
    rows = [{"id": uuid4(), "body": body} for body in NO_ACTIVITIES]
    async with database.begin() as connection:
        await connection.execute(insert(UntoldActivity), rows)
    kept = await asyncio.to_thread(records.create, one)
    path = records.made[-1]

    (created,) = await asyncio.to_thread(history, records, path, 1)

    assert created["data"] == kept
    refused = await untold.refused()
    assert [refusal.activity.id for refusal in refused] == [row["id"] for row in rows]
    assert {refusal.reason[:3] for refusal in refused} <= {"400", "422"}
    assert (await untold.backlog()).refused == len(rows)
    assert await untold.try_again() == len(rows)


def history(records: Records, path: str, number: int) -> list[dict[str, Any]]:
    """Wait until a history has so many entries."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        answer = records.http.get(f"{path}/history")
        found: list[dict[str, Any]] = answer.json().get("items", [])
        if len(found) >= number:
            return found
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.05)
