"""Dead letters: what a worker could not handle, counted and given to it again.

``python -m chassis_workers.dead_letters PACKAGE.main:create_worker [--again]``. What failed, and
why, is in the worker's log. A message that is given again keeps its id, so that what it has
written is not written again.
"""

import asyncio
import sys
from argparse import ArgumentParser
from collections.abc import Sequence

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from aio_pika.exceptions import ChannelNotFoundEntity

from chassis_rabbitmq.broker import address
from chassis_rabbitmq.topology import dead_letter_queue
from chassis_workers.delivery import LOST
from chassis_workers.factory import worker_of
from chassis_workers.worker import Worker

_OF_RABBITMQ = ("x-death", "x-first-death-", "x-last-death-", "x-delivery-count")


def main(arguments: Sequence[str] | None = None) -> None:
    """Say how many there are in each queue of a worker, or give them to it again."""
    parser = ArgumentParser(description="Count the dead letters of a worker.")
    parser.add_argument("factory", help="what makes the worker: MODULE:FUNCTION")
    parser.add_argument("--again", action="store_true", help="have them tried again")
    given = parser.parse_args(arguments)
    worker = worker_of(given.factory)
    try:
        asyncio.run(_go_through(worker, again=given.again))
    except LOST as error:
        sys.exit(f"RabbitMQ does not answer: {error}; RABBITMQ_URL must say where it is")


async def _go_through(worker: Worker, *, again: bool) -> None:
    settings = worker.state.settings
    connection = await aio_pika.connect(address(settings), timeout=settings.rabbitmq_timeout)
    async with connection:
        for queue in worker.queues:
            channel = await connection.channel()  # one that asks for what is not there is closed
            number = await _number(channel, dead_letter_queue(queue.name).name)
            if again and number:
                await _give_again(channel, queue.name, number)
            done = ", given again" if again and number else ""
            sys.stdout.write(f"{queue.name}: {number}{done}\n")


async def _number(channel: AbstractChannel, name: str) -> int:
    # Only their number: to look at one counts as an attempt, of which RabbitMQ allows some.
    try:
        queue = await channel.declare_queue(name, passive=True)
    except ChannelNotFoundEntity:
        return 0
    return queue.declaration_result.message_count or 0


async def _give_again(channel: AbstractChannel, name: str, number: int) -> None:
    dead = await channel.get_queue(dead_letter_queue(name).name)
    for _ in range(number):
        message = await dead.get(fail=False)
        if message is None:
            return
        # Confirmed before it is forgotten here: it may be there twice, and never nowhere.
        await channel.default_exchange.publish(_as_it_was(message), routing_key=name)
        await message.ack()


def _as_it_was(message: AbstractIncomingMessage) -> aio_pika.Message:
    headers = {
        key: value for key, value in message.headers.items() if not key.startswith(_OF_RABBITMQ)
    }
    return aio_pika.Message(
        message.body,
        headers=headers,
        content_type=message.content_type,
        correlation_id=message.correlation_id,
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        message_id=message.message_id,
        timestamp=message.timestamp,
        type=message.type,
    )


if __name__ == "__main__":
    main()
