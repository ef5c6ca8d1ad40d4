"""One instalment, through everything: paid, told, written down, given back, and the books agree.

p2p_lending at level 4 with every module, and what its owners wrote to join them, runs as
`make dev` runs it; the providers are its stand-ins.
"""

import datetime as dt
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from tests.day.owners import written
from tests.modules.test_bot import Person
from tests.project.test_running import free_port, running
from tests.support import MODULES, run

EVERYTHING = f"p2p_lending@4+{'+'.join(MODULES)}"
PATIENCE_S = 40
DUE = ("2026-12-01", "2027-01-01")

pytestmark = [
    pytest.mark.long,
    pytest.mark.needs("redis-server", "rabbitmq-server"),
    pytest.mark.about(*MODULES),
]


class Day:
    """Uses a running system as those do who lend, pay and keep the books."""

    def __init__(self, project: Path, base: str) -> None:
        self._project = project
        self._log = (project / "dev.log").read_text("utf-8")
        self.http = httpx2.Client(base_url=f"{base}/api/v1", timeout=PATIENCE_S)
        self.http.headers["Authorization"] = f"Bearer {self._first_administrator()}"

    def close(self) -> None:
        """Use it no more."""
        self.http.close()

    def logs_in(self, email: str, password: str) -> str:
        """Log in; give the access token."""
        asked = {"email": email, "password": password}
        return str(self._done("POST", "/auth/sessions", json=asked)["access_token"])

    def instalments(self) -> list[str]:
        """Have a loan with an instalment for each day on which one is due."""
        person = {"email": "ann@example.com", "full_name": "Ann Lee", "kyc_status": "approved"}
        user = self._done("POST", "/users", json=person)
        loan = {"borrower_id": user["id"], "amount": "1000", "duration_months": 12}
        about = {"loan_id": self._done("POST", "/loans", json=loan)["id"], "amount": "100"}
        made = [self._done("POST", "/payments", json={**about, "due_date": day}) for day in DUE]
        return [str(one["id"]) for one in made]

    def pays(self, instalment: str, provider: str, button: str) -> None:
        """Open a payment for an instalment, and press a button on the provider's page."""
        new = {
            "amount": 10_000,
            "currency": "EUR",
            "provider": provider,
            "entity": "payments",
            "entity_id": instalment,
            "return_url": "https://lending.example/back",
        }
        key = {"Idempotency-Key": f"instalment-{instalment}"}
        page = self._done("POST", "/provider-payments", json=new, headers=key)["checkout_url"]
        assert httpx2.post(page, data={"do": button}).status_code == 303

    def gives_back(self, instalment: str) -> None:
        """Give all money for an instalment back."""
        (paid,) = self._done("GET", "/provider-payments", params={"entity_id": instalment})["items"]
        path = f"/provider-payments/{paid['id']}/refunds"
        assert self._done("POST", path, json={})["amount"] == 10_000

    def comes_to(self, instalment: str, status: str) -> None:
        """Wait until an instalment has come to something."""
        becomes(status, lambda: self._done("GET", f"/payments/{instalment}")["status"])

    @contextmanager
    def followed(self, audience: str) -> Iterator[list[dict[str, Any]]]:
        """Follow what happens live; what is told is in the list as it comes."""
        told: list[dict[str, Any]] = []
        ready = threading.Event()
        with self.http.stream("GET", f"/{audience}/live/events") as stream:
            assert stream.status_code == 200
            thread = threading.Thread(target=_listen, args=(stream, told, ready), daemon=True)
            thread.start()
            assert ready.wait(PATIENCE_S)
            yield told

    def said(self, person: Person) -> list[str]:
        """What the bot has said of payments, in the order of their days."""
        return sorted(text for text in person.heard() if text.startswith("Paid"))

    def mailed(self) -> list[str]:
        """Whom instalments were announced to by e-mail, and of which day they were."""
        caught = httpx2.get(f"{self._address('email')}/messages").json()
        told = [one for one in caught if one["subject"] == "An instalment of 100.00 was paid"]
        assert {one["to"] for one in told} <= {"treasury@example.com"}
        return sorted(re.findall(r"due on (\S+) was paid", "\n".join(one["text"] for one in told)))

    def history(self, instalment: str) -> list[str]:
        """What became of an instalment, the latest first, as the document service keeps it."""
        items = self._done("GET", f"/payments/{instalment}/history")["items"]
        return [one["data"]["status"] for one in items]

    def audited(self, instalment: str) -> list[tuple[str, str]]:
        """Who did what to an instalment, the latest first."""
        items = self._done("GET", "/audit", params={"subject_id": instalment})["items"]
        return [(one["service"], one["action"]) for one in items]

    def reconciled(self) -> str:
        """Compare the books of today with those of the providers; give the report."""
        (worker,) = [
            one
            for one in psutil.process_iter(["cmdline"])
            if (one.info["cmdline"] or [])[1:3] == ["-m", "chassis_workers"]
            and Path(one.cwd()).is_relative_to(self._project)
        ]
        day = dt.datetime.now(dt.UTC).date()
        done = run(self._project, "make", "reconcile", f"day={day}", **worker.environ())
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _first_administrator(self) -> str:
        file = (self._project / ".env").read_text("utf-8")
        settings = dict(re.findall(r"^(\w+)=(.*)$", file, re.MULTILINE))
        return self.logs_in(settings["FIRST_ADMIN"], settings["FIRST_ADMIN_PASSWORD"])

    def _address(self, of: str) -> str:
        (address,) = re.findall(rf"^{of}: .*?(http://\S+)", self._log, re.MULTILINE)
        return str(address)

    def _done(self, method: str, path: str, **asked: Any) -> Any:
        answer = self.http.request(method, path, **asked)
        assert answer.is_success, f"{method} {path}: {answer.text}"
        return answer.json()


def _listen(stream: httpx2.Response, told: list[dict[str, Any]], ready: threading.Event) -> None:
    kind = ""
    with suppress(httpx2.HTTPError, httpx2.StreamError):  # it ends when nobody wants it any more
        for line in stream.iter_lines():
            name, _, value = line.partition(": ")
            if name == "event":
                kind = value
            if kind == "ready":
                ready.set()
            if name == "data" and kind == "change":
                told.append(json.loads(value))


def changed(event: dict[str, Any]) -> tuple[str, str]:
    """Which instalment has changed, and to what; that one was made may be told late."""
    subject = event["subject"] if event["type"] == "payment.updated" else ""
    return subject, event["data"]["status"]


def becomes(wanted: object, found: Callable[[], object]) -> None:
    """Wait until something is found to be as it should."""
    deadline = time.monotonic() + PATIENCE_S
    while (is_now := found()) != wanted:
        assert time.monotonic() < deadline, is_now
        time.sleep(0.1)


def test_an_instalment_is_paid_told_given_back_and_reconciled(
    installed: Callable[[str], Path],
) -> None:
    project = written(installed(EVERYTHING))
    made = run(project, "make", "env")
    assert made.returncode == 0, made.stderr
    with running(project, MONGO_PORT=str(free_port())) as base, closing(Day(project, base)) as day:
        person = Person(project)
        first, second = day.instalments()
        person.says("/subscribe")
        with day.followed("payments") as live:
            day.pays(first, "stripe", "pay")
            day.comes_to(first, "paid")
            day.pays(second, "paypal", "approve")
            day.comes_to(second, "paid")
            day.gives_back(second)
            day.comes_to(second, "scheduled")
            told = [(first, "paid"), (second, "paid"), (second, "scheduled")]
            becomes(told, lambda: [one for one in map(changed, live) if one[0] in {first, second}])

        becomes([f"Paid: Payment 100.00, {due}" for due in DUE], lambda: day.said(person))
        becomes(list(DUE), day.mailed)
        becomes(["scheduled", "paid", "scheduled"], lambda: day.history(second))
        by_worker = ("finance-lending-worker", "update")
        becomes([by_worker] * 2, lambda: day.audited(second)[:2])
        report = day.reconciled()

    assert "stripe: 1 movements, 0 differences" in report
    assert "paypal: 2 movements, 0 differences" in report
