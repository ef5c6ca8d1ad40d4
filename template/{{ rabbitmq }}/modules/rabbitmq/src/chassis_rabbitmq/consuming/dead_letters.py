"""Dead letters: what could not be handled, counted and given again.

What failed, and why, is in the log of the process. A message that is given again keeps its id.
"""

import datetime as dt
import sys
from collections.abc import Sequence

from aio_pika.abc import AbstractConnection, AbstractQueue
from aio_pika.exceptions import ChannelNotFoundEntity, DeliveryError

from chassis_rabbitmq.broker import connect
from chassis_rabbitmq.consuming.delivery import as_it_was
from chassis_rabbitmq.rabbitmq_settings import Settings
from chassis_rabbitmq.topology import dead_letter_queue


async def go_through(
    settings: Settings, queues: Sequence[str], known_for: dt.timedelta, *, again: bool
) -> list[str]:
    """Say how many there are in each queue, or give them again; return the queues that are missing.

    ``known_for`` is how long it is known what a message wrote.
    """
    missing: list[str] = []
    async with await connect(settings) as connection:
        for name in queues:
            try:
                said = await _letters(connection, name, known_for, again=again)
            except ChannelNotFoundEntity:
                missing.append(dead_letter_queue(name).name)
            except DeliveryError:
                missing.append(name)
            else:
                sys.stdout.write(f"{name}: {said}\n")
    return missing


async def _letters(
    connection: AbstractConnection, name: str, known_for: dt.timedelta, *, again: bool
) -> str:
    # A channel for each: one that asks for what is not there is closed.
    channel = await connection.channel(on_return_raises=True)
    dead = await channel.declare_queue(dead_letter_queue(name).name, passive=True)
    number = dead.declaration_result.message_count
    if not number:
        return "0"
    said = f"{number}{await age(dead, known_for)}"
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


async def age(dead: AbstractQueue, known_for: dt.timedelta) -> str:
    """Say of when the first one is, and what that means."""
    message = await dead.get(fail=False)
    if message is None:
        return ""
    await message.nack(requeue=True)
    if message.timestamp is None:
        return ""
    said = f", the first of {message.timestamp:%Y-%m-%d}"
    if message.timestamp < dt.datetime.now(dt.UTC) - known_for:
        said += f" (older than {known_for.days} days: given again, it writes again what it wrote)"
    return said
