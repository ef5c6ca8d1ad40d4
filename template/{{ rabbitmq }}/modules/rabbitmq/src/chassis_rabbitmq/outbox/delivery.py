"""The order in which events are sent."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol

from chassis_rabbitmq.outbox.store import Waiting


class Sender(Protocol):
    """What events are sent with."""

    @property
    def is_lost(self) -> bool:
        """Tell whether nothing can be sent any more."""

    async def send(self, event: Waiting) -> None:
        """Send an event and wait until it is confirmed; raise if it is not."""

    async def close(self) -> None:
        """Give it up."""


class Delivery:
    """Sends events at once, but those of one record one after the other.

    Each is sent when the one before it is confirmed, so that none can overtake another. Where one
    fails, those after it wait with it.
    """

    def __init__(self, sender: Sender) -> None:
        self.errors: list[Exception] = []
        self._sender = sender
        self._confirmed: list[Waiting] = []

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
                await self._sender.send(event)
                self._confirmed.append(event)
        except Exception as error:  # noqa: BLE001  # whatever it is, the events still wait
            self.errors.append(error)
