"""What is written is told live in the running system: outbox, RabbitMQ, worker, Redis, stream."""

import json
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from tests.integration.collections import Collection, Records
from tests.integration.rabbitmq import NONE, choice
from tests.integration.servers import RunningServer
from tests.integration.system import Started, document, system
from tests.integration.telling import environment_of_worker, followed, worker_in, working
from tests.integration.waiting import PATIENCE_S

AGAIN_S = 0.1
"""Seconds until a client comes again that was let go."""


@dataclass
class Page:
    """A page that shows the changes of a collection, and comes again when its stream ends."""

    http: httpx2.Client
    path: str
    load: Callable[[], set[str]]
    """Give the records that there are."""
    last: str = ""
    shown: set[str] = field(default_factory=set)
    told: list[str] = field(default_factory=list)
    """The records that it was told of since it has loaded them all."""
    messages: Generator[dict[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        self.messages = self._messages()

    def shows(self, record: str) -> None:
        """Read on until it shows a record."""
        while record not in self.shown:
            message = next(self.messages)
            if message["event"] == "change":
                self.told.append(json.loads(message["data"])["subject"])
                self.shown.add(self.told[-1])
            else:  # Redis may have lost what it held
                assert message["event"] == "reset", message
                self.shown, self.told = self.load(), []

    def _messages(self) -> Generator[dict[str, str]]:
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            headers = {"Last-Event-ID": self.last} if self.last else {}
            with self.http.stream("GET", self.path, headers=headers) as answer:
                lines = answer.iter_lines() if answer.is_success else iter(())
                for message in _read(lines):
                    self.last = message["id"]
                    yield message
            time.sleep(AGAIN_S)
        pytest.fail(f"nothing more is told at {self.path}")


def _read(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    """Give what a browser makes of a stream: the fields of each event that has data."""
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if name:
            fields[name] = value
        elif "data" in fields:
            yield fields
            fields = {}
        else:
            fields = {}


@dataclass
class Office:
    """The services, who writes records, and the worker that tells of them."""

    http: httpx2.Client
    records: Records
    collection: Collection
    worker: Any
    logs: pytest.LogCaptureFixture

    def write(self) -> str:
        """Make a record; give its id."""
        return str(self.records.create(self.collection)["id"])

    def there(self) -> set[str]:
        """Give the records that there are."""
        page = self.records.http.get(self.collection.path, params={"limit": 100})
        return {str(one["id"]) for one in page.raise_for_status().json()["items"]}


@pytest.fixture
def office(
    services: dict[str, Started],
    others: Mapping[str, RunningServer],
    database_url: str,
    caplog: pytest.LogCaptureFixture,
) -> Iterator[Office]:
    """Have the services, and a worker that does not run yet."""
    if choice().kind == NONE:
        pytest.skip(choice().reason)
    caplog.set_level("INFO")
    (business,) = [one for one in system().services if not one.upgrade]
    (data,) = [one for one in system().services if one.in_database]
    worker = worker_in(environment_of_worker(services, others, database_url))
    with (
        httpx2.Client(base_url=services[business.name].url, timeout=PATIENCE_S) as http,
        httpx2.Client(base_url=services[data.name].url, timeout=PATIENCE_S) as records_http,
    ):
        records = Records(records_http, document(data.name))
        yield Office(http, records, followed(records), worker, caplog)
        records.remove_all()


def test_each_write_is_shown_live_whatever_happens_to_redis(
    office: Office, others: Mapping[str, RunningServer]
) -> None:
    page = Page(office.http, f"{office.collection.path}/live/events", office.there)
    with working(office.worker, "live", office.logs), closing(page.messages):
        assert next(page.messages)["event"] == "ready"
        page.shows(office.write())

        with others["redis"].away():
            second = office.write()
        page.shows(second)
        page.shows(office.write())

    assert len(page.told) == len(set(page.told))  # of each of them once
