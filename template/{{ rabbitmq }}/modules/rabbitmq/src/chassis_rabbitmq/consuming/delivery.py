"""One message as RabbitMQ hands it out, and what says that RabbitMQ is away."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import aio_pika
from aio_pika.abc import AbstractIncomingMessage
from aio_pika.exceptions import AMQPError, ChannelInvalidStateError
from faststream.rabbit import RabbitMessage

LOST = (AMQPError, ChannelInvalidStateError, OSError)
"""What is raised by a connection that is lost; OSError: time-outs, too."""

_FAILED_BEFORE = "x-delivery-count"
_OF_RABBITMQ = ("x-death", "x-first-death-", "x-last-death-", _FAILED_BEFORE, "x-acquired-count")


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message in hand: whose it is, and which attempt this is, counted from 1."""

    task: str
    message_id: str
    """The publisher's, the same at every attempt; empty if it gave none."""
    headers: Mapping[str, Any]
    attempt: int
    body: bytes = b""


type Scope = Callable[[Delivery], AbstractContextManager[object]]
"""Something that is entered while a message is handled."""


def delivery_of(task: str, message: RabbitMessage) -> Delivery:
    """Read what a quorum queue says of a message."""
    attempt = int(message.headers.get(_FAILED_BEFORE, 0)) + 1
    # Where there is no id, FastStream's own message has a new one at each attempt.
    message_id = message.raw_message.message_id or ""
    return Delivery(task, message_id, message.headers, attempt, message.body)


def as_it_was(message: AbstractIncomingMessage) -> aio_pika.Message:
    """Give a message as it was published, without what RabbitMQ has noted in it since."""
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
