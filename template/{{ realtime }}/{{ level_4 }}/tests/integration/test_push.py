"""Devices of accounts are told what happens in the running system, by push services that check what comes."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from chassis.identity import Principal
from chassis_realtime.devices import PATH, Kind
from chassis_realtime.testing.push_services import PushServices
from chassis_realtime.testing.push_serving import serving_push
from tests.integration.collections import Collection, Records
from tests.integration.rabbitmq import NONE, choice
from tests.integration.servers import RunningServer
from tests.integration.system import (
    Started,
    application,
    document,
    environment,
    listening,
    serving,
    system,
)
from tests.integration.telling import environment_of_worker, followed, worker_in, working
from tests.integration.users import logged_in
from tests.integration.waiting import PATIENCE_S, wait_for

ROLE = "admin"


@dataclass
class Office:
    """A business API of which devices are pushed to, the push services, and how to run the worker."""

    http: httpx2.Client
    push: PushServices
    collection: Collection
    environment: Mapping[str, str]
    logs: pytest.LogCaptureFixture

    def register(self, kind: Kind) -> tuple[str, str]:
        """Register a device; give its id and its address."""
        page = self.push.subscribed()
        addresses = {"apns": uuid4().hex * 2, "fcm": f"fcm:{uuid4().hex}"}
        body = {"collection": self.collection.name, "kind": kind}
        body["address"] = addresses.get(kind, page.endpoint)
        if kind == "web_push":
            body |= {"p256dh": page.p256dh, "auth": page.auth}
        answer = self.http.put(PATH, json=body)
        assert answer.status_code == httpx2.codes.OK, answer.text
        return answer.json()["id"], body["address"]

    def registered(self) -> set[str]:
        """Give the devices that there are."""
        return {one["id"] for one in self.http.get(PATH).json()["items"]}

    def told(self, address: str, record: str) -> int:
        """Count how often a device was told that a record was made."""
        return sum(
            one.said["record"] == record and one.said["type"].endswith(".created")
            for one in self.push.told
            if one.address == address
        )

    def comes(self, condition: Callable[[], bool]) -> None:
        """Wait until something is so."""
        wait_for(condition, lambda: f"{self.push}\n{self.logs.text}")


@pytest.fixture
def office(
    services: dict[str, Started],
    others: dict[str, RunningServer],
    database_url: str,
    ask_as: Callable[[Principal | None], None],
    caplog: pytest.LogCaptureFixture,
) -> Iterator[Office]:
    if choice().kind == NONE:
        pytest.skip(choice().reason)
    (business,) = [one for one in system().services if not one.upgrade]
    ports = {name: int(one.url.rpartition(":")[2]) for name, one in services.items()}
    with ExitStack() as stack:
        push = stack.enter_context(serving_push())
        told = {name.upper(): _text(value) for name, value in push.settings().items()}
        told["PUSH_RETRY_MAX"] = "1"
        open_ = stack.enter_context(listening())
        app = application(business, {**environment(business, database_url, ports), **told})
        stack.enter_context(serving(app, open_))
        here = Started(business, f"http://127.0.0.1:{open_.getsockname()[1]}")
        _, headers = logged_in(here, ROLE)
        ask_as(None)
        http = stack.enter_context(
            httpx2.Client(base_url=here.url, headers=headers, timeout=PATIENCE_S)
        )
        records = Records(http, document(business.name))
        stack.callback(records.remove_all)
        worker = {**environment_of_worker(services, others, database_url), **told}
        yield Office(http, push, followed(records), worker, caplog)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def test_each_device_is_told_once_whatever_happens_to_the_others(office: Office) -> None:
    push = office.push
    _, page = office.register("web_push")
    _, phone = office.register("apns")
    sold, gone = office.register("fcm")
    left, out = office.register("fcm")
    assert office.http.delete(f"{PATH}/{left}").is_success
    push.gone.add(gone)
    push.away.add("apns")

    with working(worker_in(office.environment), "push", office.logs):
        records = Records(office.http, document(_business()))
        record = records.create(office.collection)["id"]
        office.comes(lambda: office.told(page, record) == 1 and "apns" in push.asked)
        office.comes(lambda: sold not in office.registered())
        assert office.told(phone, record) == 0
        push.away.clear()
        office.comes(lambda: office.told(phone, record) == 1)
        records.remove_all()

    told = [office.told(address, record) for address in (page, phone, gone, out)]
    assert told == [1, 1, 0, 0]
    assert not any(address in office.logs.text for address in (page, phone, gone, out))


def _business() -> str:
    (name,) = [one.name for one in system().services if not one.upgrade]
    return name
