"""Whatever happens to what the services need, clients get an answer soon, and it is true."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from tests.chaos.proxy import Fault
from tests.chaos.system import IMPATIENT, Chaos, needed
from tests.integration.collections import (
    Collection,
    Records,
    collections,
    is_problem,
    unknown,
)
from tests.integration.servers import choices
from tests.integration.system import document, system

LATEST_S = float(IMPATIENT["REQUEST_TIME"]) + 3
"""When an answer has to be there: on a machine that is busy with other gates, too."""
RECOVERY_S = 15
"""Seconds after which everything works again, at the latest."""
AT_ONCE = 4
PUBLIC = [service.name for service in system().services if not service.upgrade]
FOLDER = "folder"
"""The kind of a server that is none: there is no network before it."""
# Of all that requests need, and of what they can do without.
DEPENDENCIES = [*needed(), *(name for name, one in choices().items() if one.kind != FOLDER)]


@dataclass
class Clients:
    """What clients have written, and what they were told of it."""

    records: Records
    collection: Collection

    @property
    def http(self) -> httpx2.Client:
        return self.records.http

    def write(self) -> httpx2.Response:
        """Make a record."""
        return self.records.try_to_create(self.collection)[0]

    def read(self) -> httpx2.Response:
        """Ask for the newest records."""
        return self.http.get(self.collection.path, params={"limit": 100})

    def ids(self) -> list[str]:
        """Give the ids of all records that are there."""
        found: list[str] = []
        params: dict[str, Any] = {"limit": 100}
        while True:
            page = self.http.get(self.collection.path, params=params).raise_for_status().json()
            found += [record["id"] for record in page["items"]]
            if page["next_cursor"] is None:
                return found
            params["cursor"] = page["next_cursor"]


@pytest.fixture(scope="module", params=PUBLIC)
def made(request: pytest.FixtureRequest, system_in_chaos: Chaos) -> Iterator[Clients]:
    """Clients of a public service, and a collection in which they can make records."""
    url = system_in_chaos.public[request.param].url
    with httpx2.Client(base_url=url, timeout=3 * LATEST_S) as http:
        records = Records(http, document(request.param))
        for collection in collections(records.document):
            clients = Clients(records, collection)
            if clients.write().status_code == httpx2.codes.CREATED:
                break
        else:
            pytest.skip("no record can be made; give examples in the schemas")
        yield clients


@pytest.fixture
def clients(made: Clients) -> Iterator[Clients]:
    """The same clients for each test, which leaves the system as it was: the database goes at the end."""
    yield made
    recover(made)


def recover(clients: Clients) -> None:
    """Wait until everything works again, and no breaker has a failure left to judge by."""
    begun, well = time.monotonic(), 0
    while well < int(IMPATIENT["BREAKER_CALLS"]):
        # Nobody has been asked for it before: no cache answers.
        answer = clients.http.get(clients.collection.of(unknown()))
        well = well + 1 if answer.status_code == httpx2.codes.NOT_FOUND else 0
        assert time.monotonic() < begun + RECOVERY_S, answer.text
        time.sleep(0 if well else 0.1)
    while (answer := clients.write()).status_code != httpx2.codes.CREATED:
        assert time.monotonic() < begun + RECOVERY_S, answer.text
        time.sleep(0.1)


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("dependency", DEPENDENCIES)
def test_clients_are_answered_soon_and_truly(
    system_in_chaos: Chaos, clients: Clients, dependency: str, fault: Fault
) -> None:
    before = set(clients.ids())
    with system_in_chaos.proxies[dependency].fault(fault):
        reads, writes = at_once(clients)
    recover(clients)

    harmless = fault is Fault.SLOW or dependency not in needed()
    for answer in reads:
        if answer.status_code != httpx2.codes.OK:
            assert not harmless, answer.text
            is_problem(answer, 503, 504)
    for answer in writes:
        if answer.status_code != httpx2.codes.CREATED:
            assert not harmless, answer.text
            is_problem(answer, 503, 504)
    statuses = Counter(answer.status_code for answer in writes)
    promised = {one.json()["id"] for one in writes if one.status_code == httpx2.codes.CREATED}
    made = set(clients.ids()) - before - {clients.records.made[-1].rpartition("/")[2]}
    assert promised <= made, "a write that was confirmed is lost"
    assert len(made - promised) <= statuses[504], "what was refused was done"


def at_once(clients: Clients) -> tuple[list[httpx2.Response], list[httpx2.Response]]:
    """Let clients read and write at the same time; each is answered in time."""

    def in_time(ask: Callable[[], httpx2.Response]) -> httpx2.Response:
        answer, took = timed(ask)
        assert took < LATEST_S, answer.text
        return answer

    with ThreadPoolExecutor(2 * AT_ONCE) as pool:
        reads = [pool.submit(in_time, clients.read) for _ in range(AT_ONCE)]
        writes = [pool.submit(in_time, clients.write) for _ in range(AT_ONCE)]
        return [one.result() for one in reads], [one.result() for one in writes]


def test_what_is_gone_is_left_alone(system_in_chaos: Chaos, clients: Clients) -> None:
    keeper = next(service.name for service in system().services if service.upgrade)
    with system_in_chaos.proxies[keeper].fault(Fault.SILENT):
        for _ in range(6):  # until the breaker opens
            at_once(clients)
        refused = [timed(clients.write) for _ in range(3)]

    for answer, _ in refused:
        is_problem(answer, 503, 504)
    left_alone = [took for answer, took in refused if "keeps failing" in answer.json()["detail"]]
    assert len(left_alone) >= 2, "at most one of them asks whether it is there again"
    assert max(left_alone) < 0.2


def timed(ask: Callable[[], httpx2.Response]) -> tuple[httpx2.Response, float]:
    """Give an answer, and how many seconds it took."""
    begun = time.monotonic()
    return ask(), time.monotonic() - begun
