"""Sends events to the exchange."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence

from faststream.rabbit import RabbitBroker

from chassis_rabbitmq.outbox.store import Waiting
from chassis_rabbitmq.settings import Settings
from chassis_rabbitmq.topology import events_exchange

JSON = "application/json"


class Publishing:
    """Sends events at once, but those of one record one after the other.

    Each is sent when RabbitMQ has confirmed the one before it, so that none can overtake another.
    Where one fails, those after it wait with it.
    """

    def __init__(self, broker: RabbitBroker, settings: Settings) -> None:
        self.errors: list[Exception] = []
        self._confirmed: list[Waiting] = []
        self._broker = broker
        self._timeout = settings.rabbitmq_timeout
        self._exchange = events_exchange(settings)

    async def __call__(self, waiting: Sequence[Waiting]) -> Sequence[Waiting]:
        """Send events and give those that are confirmed; what went wrong is in ``errors``."""
        by_record = defaultdict(list)
        for event in waiting:
            by_record[event.subject].append(event)
        await asyncio.gather(*(self._send_in_turn(events) for events in by_record.values()))
        return self._confirmed

    async def _send_in_turn(self, events: Sequence[Waiting]) -> None:
        try:
            for event in events:
                async with asyncio.timeout(self._timeout):
                    await self._send(event)
                self._confirmed.append(event)
        except Exception as error:  # noqa: BLE001  # whatever it is, the events still wait
            self.errors.append(error)

    async def _send(self, event: Waiting) -> None:
        await self._broker.publish(
            event.body.encode(),
            exchange=self._exchange,
            routing_key=event.type,
            mandatory=False,  # an event that nobody wants is no error
            persist=True,
            message_id=str(event.event_id),
            correlation_id=str(event.event_id),
            message_type=event.type,
            timestamp=event.occurred_at,
            content_type=JSON,
            headers=dict(event.headers),
        )
