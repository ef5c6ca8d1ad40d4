"""The connection on which events are sent."""

import asyncio
from contextlib import suppress
from typing import Self

from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractExchange
from aio_pika.exceptions import AMQPError

from chassis_rabbitmq.broker import connect
from chassis_rabbitmq.outbox.store import Waiting
from chassis_rabbitmq.rabbitmq_settings import Settings
from chassis_rabbitmq.topology import events_exchange

JSON = "application/json"


class Publisher:
    """Sends events to the exchange; each is confirmed, or it has not been sent.

    It does not reconnect: when a connection is lost, nobody can tell what came through, and the
    relay has to start again with the first event that was not confirmed.
    """

    def __init__(
        self,
        connection: AbstractConnection,
        channel: AbstractChannel,
        exchange: AbstractExchange,
        timeout: float,
    ) -> None:
        self._connection = connection
        self._channel = channel
        self._exchange = exchange
        self._timeout = timeout

    @classmethod
    async def opened(cls, settings: Settings) -> Self:
        """Connect, and have the exchange there; raises AMQPError or OSError."""
        timeout = settings.rabbitmq_timeout
        connection = await connect(settings)
        try:
            channel = await connection.channel(publisher_confirms=True)
            wanted = events_exchange(settings)
            exchange = await channel.declare_exchange(
                wanted.name, wanted.type.value, durable=wanted.durable, timeout=timeout
            )
        except BaseException:
            await connection.close()
            raise
        return cls(connection, channel, exchange, timeout)

    @property
    def is_lost(self) -> bool:
        """Tell whether nothing can be sent any more."""
        return self._connection.is_closed or self._channel.is_closed

    async def send(self, event: Waiting) -> None:
        """Send an event and wait until RabbitMQ has it; raises AMQPError or OSError."""
        await self._exchange.publish(
            message(event),
            event.routing_key,
            mandatory=False,  # an event that nobody wants is no error
            timeout=self._timeout,
        )

    async def close(self) -> None:
        """Close the connection, whatever became of it."""
        with suppress(AMQPError, OSError):  # OSError: a server that hangs, too
            async with asyncio.timeout(self._timeout):
                await self._connection.close()
        await self._connection.close()  # what could not be closed within that time is given up


def message(event: Waiting) -> Message:
    """Make the message of an event."""
    return Message(
        event.body.encode(),
        content_type=JSON,
        delivery_mode=DeliveryMode.PERSISTENT,
        headers=dict(event.headers),
        message_id=str(event.event_id),
        timestamp=event.occurred_at,
        type=event.routing_key,
    )
