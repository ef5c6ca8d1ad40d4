"""Exchanges and queues: all of them durable, and nothing that fails is lost.

Events go to one topic exchange, by their type and version. A queue that wants some of them is
replicated (a quorum queue). A message that is rejected for good, or was handed out too often,
goes on to the exchange of dead letters, and from there to the queue ``<name>.dead``.
"""

from typing import TYPE_CHECKING

from aio_pika.exceptions import ChannelPreconditionFailed
from faststream.rabbit import ExchangeType, QueueType, RabbitBroker, RabbitExchange, RabbitQueue

from chassis_rabbitmq.rabbitmq_settings import Settings

if TYPE_CHECKING:
    from faststream.rabbit.schemas.queue import QuorumQueueArgs

DELIVERY_LIMIT = 40
"""How often a queue hands a message out again before it puts it aside by itself.

The last resort, for what ends its process every time: each lost connection counts for all messages
that were in hand. Twice what RabbitMQ 4 allows by itself.
"""
# RabbitMQ 4 drops what is handed out more often than 20 times, also of dead letters. "Without end"
# is -1 there, and "never again" before; so it is a number that is never reached.
_WITHOUT_END = 2**31 - 1

DEAD = ".dead"


class TopologyError(Exception):
    """An exchange or a queue is there already, with other arguments."""


def events_exchange(settings: Settings) -> RabbitExchange:
    """Describe the exchange to which every event is published, by its type and version."""
    return RabbitExchange(settings.events_exchange, ExchangeType.TOPIC)


def dead_letter_exchange(settings: Settings) -> RabbitExchange:
    """Describe the exchange of dead letters, which go by the name of the queue they come from."""
    return RabbitExchange(settings.events_exchange + DEAD, ExchangeType.DIRECT)


def queue(
    name: str,
    routing_key: str,
    settings: Settings,
    *,
    delivery_limit: int = DELIVERY_LIMIT,
    in_order: bool = False,
) -> RabbitQueue:
    """Describe a queue of events; ``routing_key`` may have the wildcards ``*`` and ``#``.

    One that is read in order has one reader at a time, however many instances there are.
    """
    arguments: QuorumQueueArgs = {
        "x-delivery-limit": delivery_limit,
        "x-dead-letter-exchange": dead_letter_exchange(settings).name,
        "x-dead-letter-routing-key": name,
        # A dead letter leaves its queue when the other one has it, which needs the overflow.
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }
    if in_order:
        arguments["x-single-active-consumer"] = True
    return RabbitQueue(name, QueueType.QUORUM, routing_key=routing_key, arguments=arguments)


def dead_letter_queue(name: str) -> RabbitQueue:
    """Describe where the dead letters of a queue stay until somebody looks after them."""
    return RabbitQueue(
        name + DEAD,
        QueueType.QUORUM,
        routing_key=name,
        arguments={"x-delivery-limit": _WITHOUT_END},
    )


async def declare(broker: RabbitBroker, settings: Settings, *queues: RabbitQueue) -> None:
    """Have the exchanges and queues there, each with its queue of dead letters.

    The broker must be connected. What is there already stays; raises TopologyError when it has
    other arguments.
    """
    try:
        events = await broker.declare_exchange(events_exchange(settings))
        dead = await broker.declare_exchange(dead_letter_exchange(settings))
        for wanted in queues:
            letters = await broker.declare_queue(dead_letter_queue(wanted.name))
            await letters.bind(dead, routing_key=wanted.name)
            declared = await broker.declare_queue(wanted)
            await declared.bind(events, routing_key=wanted.routing())
    except ChannelPreconditionFailed as error:
        raise TopologyError(
            f"RabbitMQ has it with other arguments ({error}): undo the change, or let the queue"
            " run empty, delete it and start again"
        ) from error
