"""The order in which events are sent, and what becomes of each."""

import asyncio
import struct
from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol

from aiormq.exceptions import (
    ChannelPreconditionFailed,
    ConnectionFrameError,
    ConnectionSyntaxError,
)

from chassis_rabbitmq.outbox.store import Passed, Refusal, Waiting

REFUSALS = (
    *(ChannelPreconditionFailed, ConnectionFrameError, ConnectionSyntaxError),  # RabbitMQ
    *(ValueError, TypeError, OverflowError, struct.error),  # no message can be made of it
)
"""What says that one event cannot be sent, now or later; anything else is an outage."""


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
    fails, those after it wait with it. A refusal ends the channel that all of them share, and so
    says of none of them that it is the one.
    """

    def __init__(self, sender: Sender) -> None:
        self.errors: list[Exception] = []
        self._sender = sender
        self._confirmed: list[Waiting] = []

    @property
    def is_refused(self) -> bool:
        """Tell whether one of the events is refused."""
        return any(isinstance(error, REFUSALS) for error in self.errors)

    async def __call__(self, waiting: Sequence[Waiting]) -> Passed:
        """Send events and give those that are confirmed; what went wrong is in ``errors``."""
        by_record = defaultdict(list)
        for event in waiting:
            by_record[event.subject].append(event)
        await asyncio.gather(*(self._send_in_turn(events) for events in by_record.values()))
        return Passed(self._confirmed)

    async def _send_in_turn(self, events: Sequence[Waiting]) -> None:
        try:
            for event in events:
                await self._sender.send(event)
                self._confirmed.append(event)
        except Exception as error:  # noqa: BLE001  # whatever it is, the events still wait
            self.errors.append(error)


class OneByOne:
    """Sends one event after the other, so that it is known which one is refused."""

    def __init__(self, sender: Sender) -> None:
        self.errors: list[Exception] = []
        self.refusals: list[Refusal] = []
        self._sender = sender

    async def __call__(self, waiting: Sequence[Waiting]) -> Passed:
        """Send events until one fails; give those that are confirmed, and the one that is refused."""
        confirmed: list[Waiting] = []
        for event in waiting:
            try:
                await self._sender.send(event)
            except REFUSALS as error:
                self.refusals.append(Refusal(event, str(error) or type(error).__name__))
                break  # the channel is closed
            except Exception as error:  # noqa: BLE001  # whatever it is, the events still wait
                self.errors.append(error)
                break
            confirmed.append(event)
        return Passed(confirmed, self.refusals)
