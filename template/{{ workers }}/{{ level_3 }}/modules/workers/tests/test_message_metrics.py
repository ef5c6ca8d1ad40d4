"""What a worker tells Prometheus of messages and queues."""

from collections.abc import AsyncIterator
from typing import Any, Literal
from uuid import UUID

import pytest
from aiohttp.test_utils import unused_port
from httpx2 import AsyncClient

from chassis.events import Created
from chassis_workers.features import WorkerSettings
from chassis_workers.process import Worker
from chassis_workers.tasks import Consumer, Refused
from chassis_workers.testing.broker import MemoryBroker, running
from chassis_workers.worker import build_worker


class BedDug(Created):
    type: Literal["bed.dug"] = "bed.dug"
    version: Literal[1] = 1
    data: str


async def water(event: BedDug, _worker: Worker) -> None:
    match event.data:
        case "stones":
            raise Refused("nothing grows on stones")
        case "roots":
            raise LookupError(event.data)


@pytest.fixture
def worker() -> Worker:
    settings = WorkerSettings(probe_port=unused_port(), worker_retry_delay=0.001)
    return build_worker("garden", [Consumer("water", BedDug, water)], [], settings)


@pytest.fixture
async def broker(worker: Worker) -> AsyncIterator[MemoryBroker]:
    async with running(worker) as memory:
        yield memory


async def told_by(worker: Worker) -> list[str]:
    async with AsyncClient() as client:
        answer = await client.get(f"http://127.0.0.1:{worker.state.settings.probe_port}/metrics")
    assert answer.status_code == 200
    return answer.text.splitlines()


@pytest.mark.parametrize(
    ("data", "outcome"),
    [
        pytest.param("sand", "done", id="done"),
        pytest.param("roots", "failed", id="failed"),
        pytest.param("stones", "dead", id="refused"),
    ],
)
async def test_what_became_of_a_message_is_told(
    worker: Worker, broker: MemoryBroker, data: str, outcome: str
) -> None:
    await broker.publish(BedDug(subject=UUID(int=1), data=data))
    told = await told_by(worker)

    counts = {"done": 0, "failed": 0, "dead": 0, outcome: 1}
    for each, count in counts.items():
        series = f'messages_handled_total{{outcome="{each}",task="garden.water.v1"}} {count}.0'
        assert series in told
    assert 'messaging_process_duration_seconds_count{task="garden.water.v1"} 1.0' in told
    assert "messages_in_progress 0.0" in told


async def test_queues_are_told(
    worker: Worker, broker: MemoryBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def measured() -> Any:
        return {"garden.water.v1": 3, "garden.water.v1.dead": 1}

    monkeypatch.setattr(worker.state.queue_depths, "measured", measured)
    told = await told_by(worker)

    assert 'messaging_queue_messages{queue="garden.water.v1"} 3.0' in told
    assert 'messaging_queue_messages{queue="garden.water.v1.dead"} 1.0' in told


async def test_without_rabbitmq_all_else_is_told(worker: Worker, broker: MemoryBroker) -> None:
    worker.state.queue_depths._settings = WorkerSettings(rabbitmq_url="amqp://127.0.0.1:1/")
    told = await told_by(worker)

    assert not [line for line in told if line.startswith("messaging_queue_messages{")]
    assert "messages_in_progress 0.0" in told
