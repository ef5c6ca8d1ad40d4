"""Dead letters: what a worker could not handle, counted and given to it again.

``python -m chassis_workers.dead_letters PACKAGE.main:create_worker [--again]``. What failed, and
why, is in the worker's log. A message that is given again keeps its id, so that what it has
written is not written again while the data service keeps the keys of its writes.
"""

import asyncio
import datetime as dt
import sys
from argparse import ArgumentParser
from collections.abc import Sequence

import aio_pika
from aio_pika.abc import AbstractConnection, AbstractQueue
from aio_pika.exceptions import ChannelNotFoundEntity, DeliveryError

from chassis_rabbitmq.broker import address
from chassis_rabbitmq.topology import dead_letter_queue
from chassis_workers.delivery import LOST, as_it_was
from chassis_workers.factory import worker_of
from chassis_workers.retention import RETENTION
from chassis_workers.worker import Worker


def main(arguments: Sequence[str] | None = None) -> None:
    """Say how many there are in each queue of a worker, or give them to it again."""
    parser = ArgumentParser(description="Count the dead letters of a worker.")
    parser.add_argument("factory", help="what makes the worker: MODULE:FUNCTION")
    parser.add_argument("--again", action="store_true", help="have them tried again")
    given = parser.parse_args(arguments)
    worker = worker_of(given.factory)
    where = address(worker.state.settings).with_password(None)
    try:
        missing = asyncio.run(_go_through(worker, again=given.again))
    except LOST as error:
        sys.exit(f"{where} does not answer: {error}; RABBITMQ_URL must say where RabbitMQ is")
    if missing:
        sys.exit(
            f"{where} has no queue {', '.join(missing)}: a worker makes it when it first starts;"
            " RABBITMQ_URL must say where that was"
        )


async def _go_through(worker: Worker, *, again: bool) -> list[str]:
    """Count, or give again; return the queues that are not there."""
    settings = worker.state.settings
    missing: list[str] = []
    connection = await aio_pika.connect(address(settings), timeout=settings.rabbitmq_timeout)
    async with connection:
        for queue in worker.queues:
            try:
                said = await _letters(connection, queue.name, again=again)
            except ChannelNotFoundEntity:
                missing.append(dead_letter_queue(queue.name).name)
            except DeliveryError:
                missing.append(queue.name)
            else:
                sys.stdout.write(f"{queue.name}: {said}\n")
    return missing


async def _letters(connection: AbstractConnection, name: str, *, again: bool) -> str:
    # A channel for each: one that asks for what is not there is closed.
    channel = await connection.channel(on_return_raises=True)
    dead = await channel.declare_queue(dead_letter_queue(name).name, passive=True)
    number = dead.declaration_result.message_count
    if not number:
        return "0"
    said = f"{number}{await _age(dead)}"
    if not again:
        return said
    for _ in range(number):
        message = await dead.get(fail=False)
        if message is None:
            break
        # Confirmed before it is forgotten here: it may be there twice, and never nowhere.
        await channel.default_exchange.publish(as_it_was(message), routing_key=name)
        await message.ack()
    return f"{said}, given again"


async def _age(dead: AbstractQueue) -> str:
    """Say of when the first one is, and what that means."""
    message = await dead.get(fail=False)
    if message is None:
        return ""
    await message.nack(requeue=True)
    if message.timestamp is None:
        return ""
    said = f", the first of {message.timestamp:%Y-%m-%d}"
    if message.timestamp < dt.datetime.now(dt.UTC) - RETENTION:
        said += f" (older than {RETENTION.days} days: given again, it writes again what it wrote)"
    return said


if __name__ == "__main__":
    main()
