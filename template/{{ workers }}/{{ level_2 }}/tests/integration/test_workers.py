"""What workers promise, while they are killed and what they need is taken away."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest
import stamina
from aio_pika.exceptions import AMQPError
from aiohttp.test_utils import unused_port
from faststream.rabbit import RabbitBroker

from chassis_rabbitmq.broker import make_broker
from chassis_rabbitmq.rabbitmq_settings import Settings
from chassis_rabbitmq.topology import events_exchange
from tests.integration.postgres import Postgres
from tests.integration.probe_worker import Happened, Orders, Step
from tests.integration.rabbitmq import LOCAL, NONE, choice
from tests.integration.servers import RunningServer
from tests.integration.system import ROOT, Started, system

PATIENCE_S = 60
LIMIT = 3
"""How often a message is handed out again."""


@dataclass
class Probe:
    """Workers of one name, as processes of their own."""

    name: str
    notes: Path
    rabbitmq_url: str
    data_api_url: str
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    port: int = 0
    """Where the youngest of them answers probes."""

    @property
    def environment(self) -> dict[str, str]:
        """What they run with."""
        return {
            **os.environ,
            "APP_ENV": "test",
            "DATA_API_URL": self.data_api_url,
            "EVENTS_DELIVERY_LIMIT": str(LIMIT),
            "PROBE_NAME": self.name,
            "PROBE_NOTES": str(self.notes),
            "RABBITMQ_URL": self.rabbitmq_url,
            "WORKER_RETRY_DELAY": "0.05",
            "WORKER_STOP_TIMEOUT": "2",
        }

    def start(self, **variables: str) -> subprocess.Popen[bytes]:
        """Start one more and wait until it handles messages."""
        log, self.port = self.notes / f"log-{len(self.processes)}", unused_port()
        with log.open("wb") as out:
            process = subprocess.Popen(  # noqa: S603  # this very Python
                [sys.executable, "-m", "chassis_workers", FACTORY],
                cwd=ROOT,
                env=self.environment | {"PROBE_PORT": str(self.port), **variables},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        self.processes.append(process)
        wait_for(lambda: f"{self.name} handles" in log.read_text(encoding="utf-8"), self.logs)
        return process

    @property
    def running(self) -> list[subprocess.Popen[bytes]]:
        """Those that live."""
        return [process for process in self.processes if process.poll() is None]

    def restart(self) -> None:
        """Kill what runs, as nothing can prevent, and start another one."""
        self.kill()
        self.start()

    def kill(self) -> None:
        """Kill what runs, without a chance to clean up."""
        for process in self.running:
            process.kill()
            process.wait()

    def attempts(self, event: Happened) -> int:
        """Say how often an event was tried."""
        return len(self.lines(str(event.id)))

    def lines(self, name: str) -> list[str]:
        """Give the lines of a note; there are none before it is written."""
        file = self.notes / name
        return file.read_text(encoding="utf-8").splitlines() if file.exists() else []

    def hangs(self, event: Happened) -> bool:
        """Tell whether an event is in the middle of being handled."""
        return bool(self.lines(f"{event.id}.hangs"))

    def counted(self, event: Happened) -> int:
        """Ask the data service what came of an event."""
        url = f"{self.data_api_url}/api/v1/daily-counts"
        page = httpx2.get(url, params={"name": event.data.name}, timeout=20).json()
        return sum(item["number"] for item in page["items"])

    def not_ready(self) -> list[str]:
        """Ask the youngest what it waits for."""
        answer = httpx2.get(f"http://127.0.0.1:{self.port}/ready", timeout=20)
        return [error["field"] for error in answer.json().get("errors", [])]

    def logs(self) -> str:
        """Give what all of them have logged."""
        logs = sorted(self.notes.glob("log-*"))
        return "".join(log.read_text(encoding="utf-8") for log in logs)


FACTORY = "tests.integration.probe_worker:create_worker"


def wait_for(condition: Callable[[], bool], explain: Callable[[], str]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, explain()
        time.sleep(0.05)


@pytest.fixture(scope="module")
def rabbitmq(others: Mapping[str, RunningServer]) -> RunningServer:
    """A real RabbitMQ."""
    if choice().kind == NONE:
        pytest.skip(choice().reason)
    return others["rabbitmq"]


@pytest.fixture(scope="module")
def workers(
    rabbitmq: RunningServer,
    services: dict[str, Started],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Probe]:
    """Workers with a queue of their own, which goes when they go."""
    data = next(service.name for service in system().services if service.upgrade)
    notes = tmp_path_factory.mktemp("workers")
    made = Probe(f"probe_{uuid4().hex[:8]}", notes, rabbitmq.url, services[data].url)
    yield made
    made.kill()
    asyncio.run(delete_queues(made))


@pytest.fixture
def probe(workers: Probe) -> Iterator[Probe]:
    """One worker that runs."""
    if not workers.running:
        workers.start()
    yield workers
    if len(workers.running) > 1:
        workers.kill()


@asynccontextmanager
async def connected(probe: Probe) -> AsyncIterator[RabbitBroker]:
    """Connect as other services do."""
    async with make_broker(Settings(rabbitmq_url=probe.rabbitmq_url)) as broker:
        yield broker


def publish(probe: Probe, *events: Happened, **headers: str) -> None:
    """Publish events as the data service does."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def send(event: Happened) -> None:
        async with connected(probe) as broker:
            await broker.publish(
                event.model_dump_json().encode(),
                exchange=events_exchange(Settings()),
                routing_key=event.type,
                message_id=str(event.id),
                headers={**named},
                persist=True,
            )

    for event in events:
        # A RabbitMQ that has just started refuses what its queues cannot take yet.
        for attempt in stamina.retry_context(on=AMQPError, attempts=50, wait_max=0.2):
            with attempt:
                asyncio.run(send(event))


async def delete_queues(probe: Probe) -> None:
    """Leave nothing behind."""
    async with connected(probe) as broker:
        channel = await (await broker.connect()).channel()
        for name in ("work", "work.dead", "tick", "tick.dead"):
            await channel.queue_delete(f"{probe.name}.{name}")


def dead_letters(probe: Probe, *arguments: str) -> str:
    """Ask for the dead letters, as people do."""
    command = [sys.executable, "-m", "chassis_workers.dead_letters", FACTORY, *arguments]
    done = subprocess.run(  # noqa: S603  # this very Python
        command, cwd=ROOT, env=probe.environment, capture_output=True, check=True, text=True
    )
    return done.stdout.strip().removeprefix(f"{probe.name}.")


def happened(*steps: Step) -> Happened:
    """Make an event that asks for these steps."""
    return Happened(subject=uuid4(), data=Orders(name=f"tests.{uuid4().hex}", steps=list(steps)))


def test_the_same_event_twice_changes_nothing(probe: Probe) -> None:
    event = happened("count", "count")

    publish(probe, event)
    wait_for(lambda: probe.counted(event) == 2, probe.logs)
    publish(probe, event, event)
    wait_for(lambda: probe.attempts(event) == 3, probe.logs)
    after = happened("count")
    publish(probe, after)
    wait_for(lambda: probe.counted(after) == 1, probe.logs)

    assert probe.counted(event) == 2


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param(("hang", "count", "count"), id="before its writes"),
        pytest.param(("count", "hang", "count"), id="between its writes"),
        pytest.param(("count", "count", "hang"), id="after its writes"),
    ],
)
def test_the_work_of_a_killed_worker_is_done_once(probe: Probe, steps: tuple[Step, ...]) -> None:
    event = happened(*steps)
    publish(probe, event)
    wait_for(lambda: probe.hangs(event), probe.logs)

    probe.restart()

    wait_for(lambda: probe.attempts(event) == 2, probe.logs)
    wait_for(lambda: probe.counted(event) == 2, probe.logs)
    later = happened("count")
    publish(probe, later)
    wait_for(lambda: probe.counted(later) == 1, probe.logs)
    assert probe.counted(event) == 2


def test_a_poison_message_is_put_aside_and_blocks_nobody(probe: Probe) -> None:
    poison, others = happened("count", "fail"), [happened("count") for _ in range(5)]

    publish(probe, poison, *others)

    wait_for(lambda: all(probe.counted(one) == 1 for one in others), probe.logs)
    wait_for(lambda: f"{poison.id} failed for the last time" in probe.logs(), probe.logs)
    assert probe.attempts(poison) == LIMIT + 1
    assert dead_letters(probe) == "work: 1"

    (probe.notes / "mended").touch()
    assert dead_letters(probe, "--again") == "work: 1, given again"

    wait_for(lambda: f"{poison.id} is done" in probe.logs(), probe.logs)
    assert probe.counted(poison) == 1
    assert dead_letters(probe) == "work: 0"


def test_a_worker_that_is_told_to_end_finishes_what_it_has_begun(probe: Probe) -> None:
    event = happened("linger", "count")
    publish(probe, event)
    wait_for(lambda: probe.hangs(event), probe.logs)

    (process,) = probe.running
    process.send_signal(signal.SIGTERM)

    assert process.wait(PATIENCE_S) == 0, probe.logs()
    assert probe.counted(event) == 1
    probe.start()
    later = happened("count")
    publish(probe, later)
    wait_for(lambda: probe.counted(later) == 1, probe.logs)
    assert probe.attempts(event) == 1


def test_what_a_worker_cannot_finish_in_time_goes_to_the_next_one(probe: Probe) -> None:
    event = happened("hang", "count")
    publish(probe, event)
    wait_for(lambda: probe.hangs(event), probe.logs)
    (process,) = probe.running
    probe.start()

    process.send_signal(signal.SIGTERM)

    assert process.wait(PATIENCE_S) == 0, probe.logs()
    wait_for(lambda: probe.counted(event) == 1, probe.logs)
    assert probe.attempts(event) == 2


def test_an_outage_of_the_data_service_costs_no_attempt(probe: Probe, server: Postgres) -> None:
    event = happened("count")
    assert probe.not_ready() == []

    with server.away():
        wait_for(lambda: probe.not_ready() == ["data_api"], probe.logs)
        publish(probe, event)
        wait_for(lambda: probe.attempts(event) > LIMIT + 2, probe.logs)

    wait_for(lambda: probe.counted(event) == 1, probe.logs)
    assert dead_letters(probe) == "work: 0"


def test_a_worker_goes_on_when_rabbitmq_is_back(probe: Probe, rabbitmq: RunningServer) -> None:
    before, after = happened("linger", "count"), happened("count")
    publish(probe, before)
    wait_for(lambda: probe.hangs(before), probe.logs)

    with rabbitmq.away():
        wait_for(lambda: probe.counted(before) == 1, probe.logs)
        if choice().kind == LOCAL:  # a container that is paused still holds its connections
            wait_for(lambda: probe.not_ready() == ["rabbitmq"], probe.logs)
    publish(probe, after)

    wait_for(lambda: probe.counted(after) == 1, probe.logs)
    wait_for(lambda: probe.not_ready() == [], probe.logs)
    assert probe.counted(before) == 1
    assert len(probe.running) == 1


def test_of_all_workers_one_keeps_the_time(probe: Probe) -> None:
    first, second = probe.start(PROBE_JOBS="true"), probe.start(PROBE_JOBS="true")
    alone = len(probe.lines("ticks"))  # of the first, before there was another one
    wait_for(lambda: len(probe.lines("ticks")) > alone + 3, probe.logs)

    first.kill()
    seen = len(probe.lines("ticks"))
    wait_for(lambda: len(probe.lines("ticks")) > seen + 1, probe.logs)

    dues = [line.split()[0] for line in probe.lines("ticks")]
    assert len(dues) == len(set(dues))
    assert probe.lines("ticks")[-1].endswith(f" {second.pid}")


def test_the_request_id_of_a_message_is_in_every_line(probe: Probe) -> None:
    event, request_id = happened("count"), uuid4().hex

    publish(probe, event, x_request_id=request_id)
    wait_for(lambda: f"{event.id} is done" in probe.logs(), probe.logs)

    lines = [json.loads(line) for line in probe.logs().splitlines()]
    about = [line for line in lines if line.get("message_id") == str(event.id)]
    assert about
    assert {line["request_id"] for line in about} == {request_id}
    assert [line for line in lines if str(event.id) in line["message"]] == about
