"""One message as RabbitMQ hands it out, and what says that RabbitMQ is away."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from aio_pika.exceptions import AMQPError, ChannelInvalidStateError
from faststream.rabbit import RabbitMessage

LOST = (AMQPError, ChannelInvalidStateError, OSError)
"""What is raised by a connection that is lost; OSError: time-outs, too."""

_FAILED_BEFORE = "x-delivery-count"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message in hand: whose it is, and how often it was handed out, counted from 1."""

    task: str
    message_id: str
    headers: Mapping[str, Any]
    attempt: int


type Scope = Callable[[Delivery], AbstractContextManager[object]]
"""Something that is entered while a message is handled."""


def delivery_of(task: str, message: RabbitMessage) -> Delivery:
    """Read what a quorum queue says of a message."""
    attempt = int(message.headers.get(_FAILED_BEFORE, 0)) + 1
    return Delivery(task, message.message_id, message.headers, attempt)
