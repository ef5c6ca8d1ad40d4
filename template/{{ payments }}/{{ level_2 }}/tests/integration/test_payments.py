"""Money moves at most once, and the books say so, whatever happens to the running system."""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tools.dev.service import process_command
from tools.dev.system import service_environment

from chassis_payments.testing.stand_in import Fault, Sent
from tests.integration.paypal import STAND_IN as PAYPAL
from tests.integration.rabbitmq import NONE, choice
from tests.integration.servers import RunningServer
from tests.integration.stripe import STAND_IN as STRIPE
from tests.integration.system import OPTIONS, ROOT, Started, client_headers, system
from tests.integration.waiting import PATIENCE_S, wait_for

PAYMENTS = "/api/v1/provider-payments"
STORED = "/api/v1/stored-payments"
NEW = {"amount": 1050, "currency": "EUR", "return_url": "https://shop.example/back"}
QUICK = {
    "PAYMENTS_EVENTS_INTERVAL": "0.1",
    "PAYMENTS_SETTLE_INTERVAL": "0.2",
    "PAYMENTS_SETTLE_AFTER": "0.5",
    "PAYMENTS_TIMEOUT": "20",
}


@dataclass
class Till:
    """The services that move money, and how to run the worker."""

    business: httpx2.Client
    data: httpx2.Client
    process: Any
    environment: Mapping[str, str]
    log: Path
    running: "subprocess.Popen[bytes] | None" = None

    def open(self, provider: str = "stripe") -> Any:
        """Open a payment; give it as it is stored."""
        answer = self.business.post(PAYMENTS, json={**NEW, "provider": provider})
        answer.raise_for_status()
        return self.data.get(f"{STORED}/{answer.json()['id']}").json()

    def show(self, payment: Mapping[str, Any]) -> Any:
        """Show a payment."""
        return self.business.get(f"{PAYMENTS}/{payment['id']}").json()

    def moved(self, payment: Mapping[str, Any]) -> list[tuple[str, int]]:
        """Give the money that moved, by its kind."""
        rows = self.business.get(f"{PAYMENTS}/{payment['id']}/transactions").json()
        return [(one["kind"], one["amount"]) for one in rows]

    def deliver(self, sent: Sent, provider: str) -> int:
        """Take a webhook where it belongs."""
        path = f"/api/v1/payment-webhooks/{provider}"
        return self.business.post(path, content=sent.body, headers=dict(sent.headers)).status_code

    def comes_to(self, payment: Mapping[str, Any], state: str) -> None:
        """Wait until a payment has come to a state."""
        wait_for(
            lambda: self.show(payment)["state"] == state,
            lambda: f"{self.show(payment)}\n{self.log.read_text('utf-8')}",
        )

    def waits(self) -> int:
        """Say how often the worker has put something off so far."""
        return self.log.read_text("utf-8").count("waits")

    def work(self) -> None:
        """Have the worker run, as it is run elsewhere, if it does not."""
        if self.running is None:
            with self.log.open("ab") as out:
                self.running = subprocess.Popen(  # noqa: S603  # a command of services.toml
                    process_command(self.process, system(), ROOT, OPTIONS),
                    cwd=ROOT,
                    env=dict(self.environment),
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                )

    def kill(self) -> None:
        """Have the worker die at once."""
        if self.running is not None:
            self.running.kill()
            self.running.wait(PATIENCE_S)
            self.running = None


@pytest.fixture(scope="module")
def till(
    services: dict[str, Started],
    others: Mapping[str, RunningServer],
    database_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Till]:
    """All tests have one worker: to start it takes longer than what they look at."""
    if choice().kind == NONE:
        pytest.skip(choice().reason)
    (data,) = [one for one in system().services if one.in_database]
    (business,) = [one for one in system().services if not one.upgrade]
    (process,) = [one for one in system().processes if "chassis_workers" in one.command]
    ports = {name: int(one.url.rpartition(":")[2]) for name, one in services.items()}
    urls = {"database": database_url, **{name: one.url for name, one in others.items()}}
    base = {**os.environ, **QUICK, "APP_ENV": "test"}
    with ExitStack() as stack:
        clients = [
            stack.enter_context(
                httpx2.Client(
                    base_url=services[one.name].url,
                    headers=dict(client_headers(one)),
                    timeout=PATIENCE_S,
                )
            )
            for one in (business, data)
        ]
        environment = service_environment(process, system(), base, ports, urls)
        log = tmp_path_factory.mktemp("worker") / "log"
        till = Till(clients[0], clients[1], process, environment, log)
        stack.callback(till.kill)
        yield till


def test_twenty_copies_backwards_and_a_forged_one_move_money_once(till: Till) -> None:
    payment = till.open()
    begin = len(STRIPE.sent)
    STRIPE.decline(payment["reference"])
    STRIPE.pay(payment["reference"])
    copies = [one for one in reversed(STRIPE.sent[begin:]) for _ in range(20)]
    forged = Sent(STRIPE.sent[-1].body, {"Stripe-Signature": "t=1,v1=00"})

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda one: till.deliver(one, "stripe"), copies))
    assert set(answers) == {204}
    assert till.deliver(forged, "stripe") == 400
    till.work()
    till.comes_to(payment, "completed")

    assert till.moved(payment) == [("charge", 1050)]


def test_a_list_shows_nothing_that_only_who_pays_may_see(till: Till) -> None:
    payment = till.open()

    listed = till.business.get(PAYMENTS, params={"limit": 1, "sort": "-created_at"}).json()

    assert payment["checkout_url"]
    assert listed["items"][0]["id"] == payment["id"]
    assert not {"checkout_url", "client_secret"} & listed["items"][0].keys()


def test_a_worker_that_is_killed_between_the_money_and_the_book_takes_it_once(till: Till) -> None:
    till.work()
    payment = till.open("paypal")
    before = PAYPAL.charged
    PAYPAL.faults.append(Fault(mute_s=3))
    PAYPAL.approve(payment["reference"])
    assert till.deliver(PAYPAL.sent[-1], "paypal") == 204

    wait_for(lambda: PAYPAL.charged > before, lambda: till.log.read_text("utf-8"))
    till.kill()
    assert till.moved(payment) == []
    till.work()
    till.comes_to(payment, "completed")

    assert PAYPAL.charged == before + 1
    assert till.moved(payment) == [("charge", 1050)]


def test_while_a_provider_is_away_nothing_is_lost(
    till: Till, others: Mapping[str, RunningServer]
) -> None:
    till.work()
    payment, waited = till.open(), till.waits()
    STRIPE.pay(payment["reference"])
    with others["stripe"].away():
        assert till.deliver(STRIPE.sent[-1], "stripe") == 204
        began = time.monotonic()
        away = till.business.post(PAYMENTS, json=NEW)
        assert time.monotonic() - began < 10
        # It was sent, and the connection broke: nobody knows.
        assert away.json()["state"] == "unknown"
        wait_for(lambda: till.waits() > waited, lambda: till.log.read_text("utf-8"))
    till.comes_to(payment, "completed")
    assert till.moved(payment) == [("charge", 1050)]
