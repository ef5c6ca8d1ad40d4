"""Handling a message belongs to the trace in which it was sent."""

from typing import Literal
from uuid import UUID

from chassis.events import Created
from chassis.testing.spans import attributes, collecting
from chassis_workers.features import WorkerSettings
from chassis_workers.process import Worker
from chassis_workers.tasks import Consumer
from chassis_workers.testing.broker import running
from chassis_workers.worker import build_worker

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


class BedDug(Created):
    type: Literal["bed.dug"] = "bed.dug"
    version: Literal[1] = 1
    data: str


async def water(event: BedDug, _worker: Worker) -> None:
    if event.data == "stones":
        raise LookupError(event.data)


async def test_a_message_goes_on_with_the_trace() -> None:
    with collecting() as collector:
        settings = WorkerSettings(
            traces_url=collector.url, traces_share=0, worker_retry_delay=0.001
        )
        worker = build_worker("garden", [Consumer("water", BedDug, water)], [], settings)
        async with running(worker) as broker:
            await broker.publish(BedDug(subject=UUID(int=1), data="sand"), traceparent=PARENT)
            await broker.publish(BedDug(subject=UUID(int=1), data="stones"), traceparent=PARENT)
            await broker.publish(BedDug(subject=UUID(int=1), data="sand"))  # not in the share

    done, failed = collector.spans
    assert {one.trace_id.hex() for one in (done, failed)} == {TRACE}
    assert done.name == "process garden.water.v1"
    assert done.kind == done.SPAN_KIND_CONSUMER
    assert attributes(done)["messaging.destination.name"] == "garden.water.v1"
    assert b"stones" not in failed.SerializeToString()
