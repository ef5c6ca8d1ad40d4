"""How many messages wait, asked of a real RabbitMQ."""

import asyncio
from collections.abc import Mapping
from uuid import uuid4

import pytest

from chassis_rabbitmq.broker import make_broker
from chassis_rabbitmq.rabbitmq_settings import Settings
from chassis_rabbitmq.topology import dead_letter_queue, declare, queue
from chassis_workers.queue_depths import QueueDepths
from tests.integration.rabbitmq import NONE, choice
from tests.integration.servers import RunningServer

PATIENCE_S = 20


@pytest.mark.skipif(choice().kind == NONE, reason=choice().reason)
async def test_what_waits_is_counted_with_its_dead_letters(
    others: Mapping[str, RunningServer],
) -> None:
    settings = Settings(rabbitmq_url=others["rabbitmq"].url)
    waiting = queue(f"tests-{uuid4().hex}", "nothing", settings)
    missing = queue(f"tests-{uuid4().hex}", "nothing", settings)
    depths = QueueDepths(settings, [waiting, missing])
    try:
        async with make_broker(settings) as broker:
            await declare(broker, settings, waiting)
            for _ in range(2):
                await broker.publish("sand", queue=waiting.name)
        async with asyncio.timeout(PATIENCE_S):  # a queue counts a little later than it confirms
            while (found := await depths.measured()).get(waiting.name) != 2:  # noqa: ASYNC110  # nothing tells of it
                await asyncio.sleep(0.05)
    finally:
        await depths.close()

    assert found == {waiting.name: 2, dead_letter_queue(waiting.name).name: 0}
