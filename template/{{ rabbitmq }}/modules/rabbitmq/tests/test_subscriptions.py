"""A process that consumes events, over a broker in memory: no worker is needed for that."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

import pytest
from faststream.rabbit import TestRabbitBroker

from chassis.events import Created
from chassis_rabbitmq.consuming.consumer import Consumer
from chassis_rabbitmq.consuming.delivery import Delivery
from chassis_rabbitmq.consuming.limits import Limits
from chassis_rabbitmq.consuming.subscriptions import Subscriptions
from chassis_rabbitmq.rabbitmq_settings import Settings
from chassis_rabbitmq.topology import events_exchange


class BedDug(Created):
    type: Literal["bed.dug"] = "bed.dug"
    version: Literal[1] = 1
    data: dict[str, int]


DUG = BedDug(subject=UUID(int=7), data={"size": 3})


@dataclass
class Garden:
    """A process of its own kind, which notes what it is given."""

    watered: list[BedDug] = field(default_factory=list)
    taken: list[bytes] = field(default_factory=list)
    within: list[tuple[str, str]] = field(default_factory=list)

    async def water(self, event: BedDug, host: "Garden") -> None:
        assert host is self
        self.watered.append(event)

    async def take(self, delivery: Delivery) -> None:
        self.taken.append(delivery.body)

    @contextmanager
    def around(self, consumer: str, message: str) -> Iterator[None]:
        self.within.append((consumer, message))
        yield


SETTINGS = Settings()


@asynccontextmanager
async def running(garden: Garden) -> AsyncIterator[tuple[Subscriptions, Any]]:
    subscriptions = Subscriptions("garden", SETTINGS, Limits(retry_delay=0.001), garden.around)
    subscriptions.consume(Consumer("water", BedDug, garden.water), garden)
    subscriptions.take("garden.orders", garden.take)
    async with TestRabbitBroker(subscriptions.broker) as broker:
        yield subscriptions, broker


async def test_an_event_is_handled_from_a_queue_of_its_own() -> None:
    garden = Garden()
    async with running(garden) as (subscriptions, broker):
        await broker.publish(
            DUG.model_dump_json().encode(),
            exchange=events_exchange(SETTINGS),
            routing_key="bed.dug.v1",
            message_id="m1",
        )
        await subscriptions.handling.idle()

    assert garden.watered == [DUG]
    assert garden.within == [("garden.water", str(DUG.id))]
    assert [queue.name for queue in subscriptions.queues] == ["garden.water.v1", "garden.orders"]


async def test_what_is_put_into_a_queue_is_handled() -> None:
    garden = Garden()
    async with running(garden) as (subscriptions, broker):
        await broker.publish(b"dig", queue="garden.orders", message_id="m1")
        await subscriptions.handling.idle()

    assert garden.taken == [b"dig"]
    assert garden.within == [("garden.orders", "m1")]


async def test_nothing_needs_to_be_around() -> None:
    garden, told = Garden(), []
    subscriptions = Subscriptions("garden", SETTINGS, Limits())

    async def note(delivery: Delivery) -> None:
        told.append(delivery.message_id)

    subscriptions.take("garden.orders", note)
    async with TestRabbitBroker(subscriptions.broker) as broker:
        await broker.publish(b"dig", queue="garden.orders", message_id="m1")
        await subscriptions.handling.idle()

    assert (told, garden.within) == (["m1"], [])


def test_a_queue_has_one_task() -> None:
    garden = Garden()
    subscriptions = Subscriptions("garden", SETTINGS, Limits())
    subscriptions.take("garden.orders", garden.take)

    with pytest.raises(ValueError, match=r"garden\.orders is the queue of two tasks"):
        subscriptions.take("garden.orders", garden.take)
