"""Messages in the running system: sent at most once, whatever happens to the worker and the relay."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from tools.dev.service import process_command
from tools.dev.system import base_environment, service_environment

from chassis_communications.declared import declared
from chassis_communications.messages import MESSAGES
from chassis_communications.testing.relay import HOST, Relay, relaying
from tests.integration.rabbitmq import NONE, choice
from tests.integration.servers import RunningServer
from tests.integration.system import OPTIONS, ROOT, Started, client_headers, system
from tests.integration.waiting import PATIENCE_S, wait_for

QUICK = {"MESSAGES_INTERVAL": "0.1", "MESSAGES_SWEEP_INTERVAL": "0.2"}
GIVES_UP = {"MESSAGES_UNKNOWN_AFTER": "0.5"}


@dataclass
class Office:
    """Where messages are asked for, the relay, and how to run the worker."""

    business: httpx2.Client
    relay: Relay
    process: Any
    environment: dict[str, str]
    log: Path

    def ask(self) -> str:
        """Ask for a message to an address of its own; give the address."""
        name, template = next(iter(declared().templates.items()))
        recipient = f"{uuid4().hex}@example.com"
        asked = {"template": name, "channel": "email", "recipient": recipient, "key": recipient}
        answer = self.business.post(MESSAGES, json={**asked, "data": dict(template.sample)})
        answer.raise_for_status()
        return recipient

    def states(self, *recipients: str) -> list[str]:
        """Say what messages have come to."""
        listed = self.business.get(MESSAGES, params={"limit": 100}).json()["items"]
        state_of = {one["recipient"]: one["state"] for one in listed}
        return [state_of[one] for one in recipients]

    def history(self, recipient: str) -> list[str]:
        """Say what is in the history of a message, the first step first."""
        listed = self.business.get(MESSAGES, params={"limit": 100}).json()["items"]
        (place,) = [one["id"] for one in listed if one["recipient"] == recipient]
        steps = self.business.get(f"{MESSAGES}/{place}/history").raise_for_status().json()["items"]
        return [one["type"] for one in sorted(steps, key=lambda one: one["at"])]

    def taken(self, recipient: str) -> int:
        """Count what the relay has taken for an address."""
        return sum(to == [recipient] for to in self.relay.envelopes)

    def comes_to(self, *states: str, of: list[str]) -> None:
        """Wait until messages have come to states."""
        wait_for(
            lambda: self.states(*of) == [*states],
            lambda: f"{self.states(*of)}\n{self.log.read_text('utf-8')}",
        )

    @contextmanager
    def working(self, **more: str) -> Iterator["subprocess.Popen[bytes]"]:
        """Run the worker as it is run elsewhere; it may be dead at the end."""
        with self.log.open("wb") as out:
            running = subprocess.Popen(  # noqa: S603  # a command of services.toml
                process_command(self.process, system(), ROOT, OPTIONS),
                cwd=ROOT,
                env={**self.environment, **more},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        try:
            yield running
        finally:
            running.terminate()
            running.wait(PATIENCE_S)


@pytest.fixture
def office(
    services: dict[str, Started],
    others: dict[str, RunningServer],
    database_url: str,
    tmp_path: Path,
) -> Iterator[Office]:
    if choice().kind == NONE:
        pytest.skip(choice().reason)
    (business,) = [one for one in system().services if not one.upgrade]
    (process,) = [one for one in system().processes if "chassis_workers" in one.command]
    ports = {name: int(one.url.rpartition(":")[2]) for name, one in services.items()}
    urls = {"database": database_url, **{name: one.url for name, one in others.items()}}
    relay = Relay()
    with ExitStack() as stack:
        mail, _ = stack.enter_context(relaying(relay))
        http = httpx2.Client(
            base_url=services[business.name].url,
            headers=dict(client_headers(business)),
            timeout=PATIENCE_S,
        )
        known = base_environment(ROOT, (), system().stand_ins)
        own, urls["email"] = {**known, **QUICK, "APP_ENV": "test"}, f"smtp://{HOST}:{mail}"
        environment = service_environment(process, system(), own, ports, urls)
        yield Office(stack.enter_context(http), relay, process, environment, tmp_path / "log")


def test_whatever_happens_in_the_middle_nothing_is_sent_twice(office: Office) -> None:
    before, after, kept, lost = (office.ask() for _ in range(4))
    office.relay.hangs |= {before: "RCPT", after: "DATA"}
    office.relay.cuts |= {kept: "after", lost: "before"}
    with office.working() as worker:
        office.comes_to("sending", "sending", "unknown", "unknown", of=[before, after, kept, lost])
        wait_for(lambda: office.taken(after) == 1, lambda: office.log.read_text("utf-8"))
        worker.kill()
    office.relay.hangs.clear()
    office.relay.cuts.clear()
    later = office.ask()

    with office.working(**GIVES_UP):
        office.comes_to("unknown", "unknown", "sent", of=[before, after, later])
    steps = [f"message.{one}" for one in ("queued", "sending", "sent")]
    wait_for(lambda: office.history(later) == steps, lambda: f"{office.history(later)}")

    assert [office.taken(one) for one in (before, after, kept, lost, later)] == [0, 1, 1, 0, 1]
