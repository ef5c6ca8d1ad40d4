"""How many messages wait, as RabbitMQ says it."""

import asyncio
from collections.abc import Sequence

from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import ChannelNotFoundEntity
from faststream.rabbit import RabbitQueue

from chassis_rabbitmq.broker import connect
from chassis_rabbitmq.rabbitmq_settings import Settings
from chassis_rabbitmq.topology import dead_letter_queue


class QueueDepths:
    """Asks RabbitMQ for queues and their dead letters, over a connection of its own."""

    def __init__(self, settings: Settings, queues: Sequence[RabbitQueue]) -> None:
        self._settings = settings
        self._queues = queues
        self._connection: AbstractConnection | None = None
        self._turn = asyncio.Lock()  # two scrapes at once share the connection

    async def measured(self) -> dict[str, int]:
        """Give the messages that wait, by queue; without those that are not there yet."""
        async with self._turn:
            connection = await self._connected()
            names = [queue.name for queue in self._queues]
            dead = [dead_letter_queue(name).name for name in names]
            found = {name: await _depth(connection, name) for name in [*names, *dead]}
        return {name: number for name, number in found.items() if number is not None}

    async def close(self) -> None:
        """Close the connection; later use opens a new one."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def _connected(self) -> AbstractConnection:
        if self._connection is None or self._connection.is_closed:
            self._connection = await connect(self._settings)
        return self._connection


async def _depth(connection: AbstractConnection, name: str) -> int | None:
    # A channel for each: one that asks for what is not there is closed.
    channel: AbstractChannel
    try:
        async with connection.channel() as channel:
            queue = await channel.declare_queue(name, passive=True)
            return queue.declaration_result.message_count
    except ChannelNotFoundEntity:
        return None
