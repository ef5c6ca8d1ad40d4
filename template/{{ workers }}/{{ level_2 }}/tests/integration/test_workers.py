"""What workers promise, while they are killed and what they need is taken away."""

import asyncio
import datetime as dt
import json
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
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
from tests.integration.forks import Fork, Forks
from tests.integration.postgres import Postgres
from tests.integration.probe_worker import Happened, HappenedV2, Orders, Step
from tests.integration.rabbitmq import NONE, choice
from tests.integration.servers import RunningServer
from tests.integration.system import Started, system
from tests.integration.waiting import PATIENCE_S, wait_for

AWAY_S = 2
ATTEMPTS = 4
"""How often a message is tried."""


@dataclass
class Probe:
    """Workers of one name, as processes of their own."""

    name: str
    notes: Path
    rabbitmq_url: str
    data_api_url: str
    forks: Forks
    processes: list[Fork] = field(default_factory=list)
    port: int = 0
    """Where the youngest of them answers probes."""

    @property
    def environment(self) -> dict[str, str]:
        """What they run with."""
        return {
            **os.environ,
            "APP_ENV": "test",
            "DATA_API_URL": self.data_api_url,
            "PROBE_NAME": self.name,
            "PROBE_NOTES": str(self.notes),
            "RABBITMQ_URL": f"{self.rabbitmq_url}?reconnect_interval=0.2",
            "WORKER_ATTEMPTS": str(ATTEMPTS),
            "WORKER_HOLD_TIME": "0.2",
            "WORKER_RETRY_DELAY": "0.05",
            "WORKER_STOP_TIMEOUT": "2",
        }

    def start(self, **variables: str) -> Fork:
        """Start one more and wait until it handles messages."""
        log, self.port = self.notes / f"log-{len(self.processes)}", unused_port()
        environment = self.environment | {"PROBE_PORT": str(self.port), **variables}
        process = self.forks.start(log, environment, "chassis_workers", FACTORY)
        self.processes.append(process)
        wait_for(lambda: f"{self.name} handles" in _text(log), self.logs)
        return process

    def run(self, module: str, *arguments: str, **variables: str) -> tuple[int, str]:
        """Run a command to its end; give its exit code and what it says."""
        log = self.notes / "said"
        process = self.forks.start(log, self.environment | variables, module, FACTORY, *arguments)
        return process.wait(PATIENCE_S), _text(log).strip()

    @property
    def running(self) -> list[Fork]:
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
            process.wait(PATIENCE_S)

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

    def counted(self, event: Happened | HappenedV2) -> int:
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


def _text(log: Path) -> str:
    return log.read_text(encoding="utf-8") if log.exists() else ""


PROBE = "tests.integration.probe_worker"
FACTORY = f"{PROBE}:create_worker"
AGAIN = "--again"


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
    data = next(service.name for service in system().services if service.in_database)
    notes, name = tmp_path_factory.mktemp("workers"), f"probe_{uuid4().hex[:8]}"
    with Forks.of(PROBE) as forks:
        made = Probe(name, notes, rabbitmq.url, services[data].url, forks)
        yield made
        made.kill()
    names = ("work.v1", "work.v2", "tick")
    asyncio.run(delete_queues(made, *names, *(f"{name}.dead" for name in names), "tick.last"))


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


def publish(probe: Probe, *events: Happened | HappenedV2, **headers: str) -> None:
    """Publish events as the data service does."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def send(event: Happened | HappenedV2) -> None:
        async with connected(probe) as broker:
            await broker.publish(
                event.model_dump_json().encode(),
                exchange=events_exchange(Settings()),
                routing_key=event.routing_key(),
                message_id=str(event.id),
                headers={**named},
                persist=True,
            )

    for event in events:
        # A RabbitMQ that has just started refuses what its queues cannot take yet.
        for attempt in stamina.retry_context(on=AMQPError, attempts=50, wait_max=0.2):
            with attempt:
                asyncio.run(send(event))


async def delete_queues(probe: Probe, *names: str) -> None:
    """Delete queues, and what is in them."""
    async with connected(probe) as broker:
        channel = await (await broker.connect()).channel()
        for name in names:
            await channel.queue_delete(f"{probe.name}.{name}")


async def purge(probe: Probe, queue: str) -> None:
    """Empty a queue."""
    async with connected(probe) as broker:
        channel = await (await broker.connect()).channel()
        await (await channel.get_queue(f"{probe.name}.{queue}")).purge()


async def put(probe: Probe, queue: str, event: Happened) -> None:
    """Put an event into a queue."""
    body, name = event.model_dump_json().encode(), f"{probe.name}.{queue}"
    async with connected(probe) as broker:
        await broker.publish(body, queue=name, message_id=str(event.id), persist=True)


async def take_and_lose(probe: Probe, times: int) -> None:
    """Take the message that is there, and lose the connection, again and again."""
    for _ in range(times):
        async with connected(probe) as broker:
            channel = await (await broker.connect()).channel()
            waiting = await channel.get_queue(f"{probe.name}.work.v1")
            async with asyncio.timeout(PATIENCE_S):
                while await waiting.get(fail=False) is None:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)


def dead_letters(probe: Probe, *arguments: str, **variables: str) -> str:
    """Ask for the dead letters, as people do; a failure begins with the exit code."""
    code, said = probe.run("chassis_workers.dead_letters", *arguments, **variables)
    return f"{code}: {said}" if code else said.removeprefix(f"{probe.name}.")


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
    assert probe.attempts(poison) == ATTEMPTS
    today = f"{dt.datetime.now(dt.UTC):%Y-%m-%d}"
    assert dead_letters(probe) == f"work.v1: 1, the first of {today}"

    (probe.notes / "mended").touch()
    assert dead_letters(probe, AGAIN) == f"work.v1: 1, the first of {today}, given again"

    wait_for(lambda: f"{poison.id} is done" in probe.logs(), probe.logs)
    assert probe.counted(poison) == 1
    assert dead_letters(probe) == "work.v1: 0"


def test_lost_connections_alone_make_no_dead_letter(probe: Probe) -> None:
    event = happened("count")
    probe.kill()
    publish(probe, event)

    asyncio.run(take_and_lose(probe, ATTEMPTS + 1))
    probe.start()

    wait_for(lambda: probe.counted(event) == 1, probe.logs)
    assert dead_letters(probe) == "work.v1: 0"


def test_a_dead_letter_stays_while_its_queue_is_gone(probe: Probe) -> None:
    event = happened("count")
    asyncio.run(put(probe, "work.v1.dead", event))
    probe.kill()
    asyncio.run(delete_queues(probe, "work.v1"))

    assert re.match(
        rf"1: amqp://\S+ has no queue {probe.name}\.work\.v1:", dead_letters(probe, AGAIN)
    )
    probe.start()
    assert dead_letters(probe, AGAIN).endswith(", given again")

    wait_for(lambda: probe.counted(event) == 1, probe.logs)


def test_who_asks_the_wrong_rabbitmq_is_told(probe: Probe) -> None:
    said = dead_letters(probe, PROBE_NAME="another")

    assert re.match(r"1: amqp://\S+ has no queue another\.work\.v1\.dead:", said)


def test_a_queue_with_other_arguments_is_told_in_a_line(probe: Probe) -> None:
    code, said = probe.run("chassis_workers", EVENTS_EXCHANGE=f"{probe.name}.events")

    assert code == 1
    last = json.loads(said.splitlines()[-1])["message"]
    assert last.startswith("RabbitMQ has it with other arguments")
    assert f"'x-dead-letter-exchange' for queue '{probe.name}.work.v1'" in last
    assert "Traceback" not in said


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


def test_what_a_worker_has_not_begun_goes_to_another_at_once(probe: Probe) -> None:
    probe.kill()
    process = probe.start(WORKER_CONCURRENCY="1", WORKER_STOP_TIMEOUT="60")
    event, waiting = happened("hold", "count"), [happened("count") for _ in range(12)]
    publish(probe, event)
    wait_for(lambda: probe.hangs(event), probe.logs)
    publish(probe, *waiting)
    probe.start()

    process.send_signal(signal.SIGTERM)

    wait_for(lambda: all(probe.counted(one) == 1 for one in waiting), probe.logs)
    assert process.poll() is None, "it has still to finish what it has begun"
    (probe.notes / f"{event.id}.let-go").touch()
    assert process.wait(PATIENCE_S) == 0, probe.logs()
    wait_for(lambda: probe.counted(event) == 1, probe.logs)
    assert [probe.attempts(one) for one in (event, *waiting)] == [1] * 13


def test_an_outage_of_the_data_service_costs_no_attempt(probe: Probe, server: Postgres) -> None:
    event = happened("count")
    assert probe.not_ready() == []

    with server.away():
        wait_for(lambda: probe.not_ready() == ["data_api"], probe.logs)
        publish(probe, event)
        wait_for(lambda: probe.attempts(event) > 2 * ATTEMPTS, probe.logs)

    wait_for(lambda: probe.counted(event) == 1, probe.logs)
    assert f"{event.id} waits at the end of its queue" in probe.logs()
    assert dead_letters(probe) == "work.v1: 0"


def test_a_worker_goes_on_when_rabbitmq_is_back(probe: Probe, rabbitmq: RunningServer) -> None:
    before, after = happened("linger", "count"), happened("count")
    publish(probe, before)
    wait_for(lambda: probe.hangs(before), probe.logs)

    with rabbitmq.away():
        wait_for(lambda: probe.counted(before) == 1, probe.logs)
        wait_for(lambda: probe.not_ready() == ["rabbitmq"], probe.logs)
    publish(probe, after)

    wait_for(lambda: probe.counted(after) == 1, probe.logs)
    wait_for(lambda: probe.not_ready() == [], probe.logs)
    assert probe.counted(before) == 1
    assert len(probe.running) == 1


def test_two_versions_of_an_event_are_handled_once_side_by_side(probe: Probe) -> None:
    probe.kill()
    probe.start(PROBE_VERSIONS="true")
    old = happened("count")
    new = HappenedV2.model_validate(old.model_dump() | {"version": 2})
    only_new = HappenedV2.model_validate(happened("count").model_dump() | {"version": 2})

    publish(probe, old, new, only_new)

    wait_for(lambda: probe.attempts(old) == 2, probe.logs)
    wait_for(lambda: probe.counted(only_new) == 1, probe.logs)
    probe.restart()  # only the old version
    later = happened("count")
    publish(probe, later)
    wait_for(lambda: probe.counted(later) == 1, probe.logs)
    assert probe.counted(old) == 1
    assert dead_letters(probe) == "work.v1: 0"


def test_a_write_that_another_attempt_made_otherwise_is_not_passed_over(probe: Probe) -> None:
    event = happened("count attempts", "hang")
    publish(probe, event)
    wait_for(lambda: probe.hangs(event), probe.logs)

    probe.restart()

    wait_for(lambda: f"{event.id} is refused, a dead letter: POST " in probe.logs(), probe.logs)
    assert probe.counted(event) == 1
    assert probe.attempts(event) == 2
    assert dead_letters(probe).startswith("work.v1: 1, ")
    asyncio.run(purge(probe, "work.v1.dead"))


def test_of_all_workers_one_keeps_the_time(probe: Probe) -> None:
    first, second = probe.start(PROBE_JOBS="true"), probe.start(PROBE_JOBS="true")
    alone = len(probe.lines("ticks"))  # of the first, before there was another one
    wait_for(lambda: len(probe.lines("ticks")) > alone + 2, probe.logs)

    first.kill()
    seen = len(probe.lines("ticks"))
    wait_for(lambda: len(probe.lines("ticks")) > seen + 1, probe.logs)

    assert probe.lines("ticks")[-1].endswith(f" {second.pid}")
    assert_every_second(probe, interruptions=1)


def test_what_came_due_while_rabbitmq_was_away_is_done_later(
    probe: Probe, rabbitmq: RunningServer
) -> None:
    probe.start(PROBE_JOBS="true")
    seen = len(probe.lines("ticks"))
    wait_for(lambda: len(probe.lines("ticks")) > seen, probe.logs)

    with rabbitmq.away():
        time.sleep(AWAY_S)

    seen = len(probe.lines("ticks"))
    wait_for(lambda: len(probe.lines("ticks")) > seen + AWAY_S, probe.logs)
    assert_every_second(probe, interruptions=3)  # with those of the test before


def assert_every_second(probe: Probe, interruptions: int) -> None:
    """Check that the job was done for each second; what was in hand may have been done twice."""
    told = [dt.datetime.fromisoformat(line.split()[0]) for line in probe.lines("ticks")]
    dues = sorted(set(told))
    assert {after - before for before, after in pairwise(dues)} == {dt.timedelta(seconds=1)}
    assert len(told) - len(dues) <= interruptions


def test_the_request_id_of_a_message_is_in_every_line(probe: Probe) -> None:
    event, request_id = happened("count"), uuid4().hex

    publish(probe, event, x_request_id=request_id)
    wait_for(lambda: f"{event.id} is done" in probe.logs(), probe.logs)

    lines = [json.loads(line) for line in probe.logs().splitlines()]
    about = [line for line in lines if line.get("message_id") == str(event.id)]
    assert about
    assert {line["request_id"] for line in about} == {request_id}
    assert [line for line in lines if str(event.id) in line["message"]] == about
