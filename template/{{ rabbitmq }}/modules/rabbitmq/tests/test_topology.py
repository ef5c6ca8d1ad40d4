from typing import Any

import pytest
from faststream.exceptions import SubscriberNotFound
from faststream.rabbit import RabbitExchange, RabbitQueue, TestRabbitBroker

from chassis_rabbitmq.broker import make_broker
from chassis_rabbitmq.rabbitmq_settings import Settings
from chassis_rabbitmq.topology import (
    DELIVERY_LIMIT,
    dead_letter_exchange,
    dead_letter_queue,
    declare,
    events_exchange,
    queue,
)

SETTINGS = Settings(events_exchange="shop.events")
MAIL = queue("mail", "order.*.v1", SETTINGS)


class Declared:
    """Takes note of what is declared and bound."""

    def __init__(self) -> None:
        self.exchanges: list[RabbitExchange] = []
        self.bindings: dict[str, tuple[str, str]] = {}

    async def declare_exchange(self, exchange: RabbitExchange) -> RabbitExchange:
        self.exchanges.append(exchange)
        return exchange

    async def declare_queue(self, wanted: RabbitQueue) -> Any:
        declared = self

        class Bindable:
            async def bind(self, exchange: RabbitExchange, routing_key: str) -> None:
                declared.bindings[wanted.name] = (exchange.name, routing_key)

        return Bindable()


def test_events_go_to_one_exchange() -> None:
    exchange = events_exchange(SETTINGS)

    assert (exchange.name, exchange.type, exchange.durable) == ("shop.events", "topic", True)


def test_a_queue_outlives_a_server() -> None:
    assert MAIL.durable
    assert MAIL.arguments["x-queue-type"] == "quorum"
    assert dead_letter_queue("mail").durable
    assert dead_letter_queue("mail").arguments["x-queue-type"] == "quorum"


def test_what_fails_too_often_is_put_aside() -> None:
    assert MAIL.arguments["x-delivery-limit"] == DELIVERY_LIMIT
    assert queue("mail", "#", SETTINGS, delivery_limit=3).arguments["x-delivery-limit"] == 3
    assert MAIL.arguments["x-dead-letter-exchange"] == dead_letter_exchange(SETTINGS).name
    assert MAIL.arguments["x-dead-letter-routing-key"] == "mail"


def test_dead_letters_stay_however_often_they_are_looked_at() -> None:
    assert dead_letter_queue("mail").arguments["x-delivery-limit"] > 1_000_000_000


async def test_a_queue_is_declared_with_its_dead_letters() -> None:
    declared: Any = Declared()

    await declare(declared, SETTINGS, MAIL)

    assert [exchange.name for exchange in declared.exchanges] == [
        "shop.events",
        "shop.events.dead",
    ]
    assert declared.bindings == {
        "mail": ("shop.events", "order.*.v1"),
        "mail.dead": ("shop.events.dead", "mail"),
    }


async def test_a_queue_gets_the_events_that_it_wants() -> None:
    broker = make_broker(SETTINGS)
    got: list[Any] = []

    @broker.subscriber(MAIL, events_exchange(SETTINGS))
    async def take(body: dict[str, Any]) -> None:
        got.append(body)

    async with TestRabbitBroker(broker) as running:
        exchange = events_exchange(SETTINGS)
        await running.publish({}, exchange=exchange, routing_key="order.created.v1")
        for other in ("book.created.v1", "order.created.v2"):
            with pytest.raises(SubscriberNotFound):
                await running.publish({}, exchange=exchange, routing_key=other)

    assert got == [{}]
