"""The turn to keep the time, which one instance of a worker has.

It has the worker's exclusive queue, which RabbitMQ gives to the next one as soon as its connection
ends. It publishes on that very connection, so that nothing comes of it when the turn is another's.

What was published last is in RabbitMQ, too: each job has a queue that keeps one message, the last
that was put there. One message goes to that queue and to the job's own, so none is in doubt.
"""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection, HeadersType
from pydantic import AwareDatetime, BaseModel

from chassis_rabbitmq.broker import connect
from chassis_rabbitmq.rabbitmq_settings import Settings

_LAST_ONLY: dict[str, Any] = {"x-queue-type": "quorum", "x-max-length": 1}


class Due(BaseModel):
    """A job is due."""

    due: AwareDatetime


def job_queue(worker: str, job: str) -> str:
    """Name the queue of a job."""
    return f"{worker}.{job}"


@asynccontextmanager
async def turn_of(worker: str, settings: Settings) -> AsyncIterator["RabbitTurn"]:
    """Take the turn of a worker; raises ChannelLockedResource while another instance has it."""
    # The connection does not come back by itself: who loses it loses the turn.
    timeout = settings.rabbitmq_timeout
    async with await connect(settings) as connection:
        channel = await connection.channel()
        await channel.declare_queue(f"{worker}.schedule", exclusive=True, timeout=timeout)
        yield RabbitTurn(worker, connection, channel, timeout)


class RabbitTurn:
    """The turn to keep the time; what it is asked raises what a lost connection does."""

    def __init__(
        self, worker: str, connection: AbstractConnection, channel: AbstractChannel, timeout: float
    ) -> None:
        self._worker = worker
        self._connection = connection
        self._channel = channel
        self._timeout = timeout

    async def published_until(self, job: str) -> dt.datetime | None:
        """Give the time up to which all that was due is published; None for a new job."""
        last = await self._channel.declare_queue(
            self._last(job), durable=True, arguments=_LAST_ONLY, timeout=self._timeout
        )
        message = await last.get(fail=False, timeout=self._timeout)
        if message is None:
            return None
        moment = Due.model_validate_json(message.body).due
        # Anew, not back: what is given back again and again is dropped in the end.
        await self.begin(job, moment)
        await message.ack()
        return moment

    async def begin(self, job: str, moment: dt.datetime) -> None:
        """Keep that all is published up to a time."""
        await self._send(moment, self._last(job))

    async def publish(self, job: str, due: dt.datetime) -> None:
        """Say that a job is due, and keep that this is said."""
        await self._send(due, job_queue(self._worker, job), self._last(job))

    async def lasts(self, seconds: float) -> None:
        """Wait so long; raises ConnectionResetError when the turn is lost meanwhile."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._connection.closed()
                raise ConnectionResetError("RabbitMQ closed the connection")

    async def _send(self, moment: dt.datetime, *queues: str) -> None:
        first, *others = queues
        headers: HeadersType = {"BCC": [*others]}  # which RabbitMQ takes out
        message = aio_pika.Message(
            Due(due=moment).model_dump_json().encode(),
            content_type="application/json",
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            message_id=f"{moment:%Y-%m-%dT%H:%M:%SZ}",
            headers=headers,
        )
        exchange = self._channel.default_exchange
        await exchange.publish(message, routing_key=first, timeout=self._timeout)

    def _last(self, job: str) -> str:
        return f"{job_queue(self._worker, job)}.last"
