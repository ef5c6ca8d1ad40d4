"""Takes note of writes as the events that follow them."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database.engine import Change
from chassis.events import Event
from chassis.http_client import HeaderProvider
from chassis_rabbitmq.declared import EventsByTable
from chassis_rabbitmq.outbox.relay import Relay
from chassis_rabbitmq.outbox.store import Outbox


class EventRecorder:
    """Puts the events of a write into the outbox, inside its transaction."""

    def __init__(
        self,
        events: EventsByTable,
        outbox: Outbox,
        relay: Relay,
        providers: Sequence[HeaderProvider],
    ) -> None:
        self._events = events
        self._outbox = outbox
        self._relay = relay
        self._providers = providers

    async def __call__(self, connection: AsyncConnection, change: Change) -> None:
        """Store what happened; a table without events is passed over."""
        headers = {
            name.lower(): value
            for provided in self._providers
            for name, value in provided().items()
        }
        for event in happened(self._events, change):
            await self._outbox.put(connection, event, headers)
            self._relay.wake()


def happened(events: EventsByTable, change: Change) -> Iterator[Event]:
    """Give the events that follow a write; the versions of one have one id."""
    ids: defaultdict[str, UUID] = defaultdict(uuid4)
    told = {"occurred_at": dt.datetime.now(dt.UTC), "subject": change.id, "data": change.stored}
    for event in events.get(change.table, ()):
        if event.kind == change.kind and event.happened(change.values):
            yield event.model_validate({"id": ids[event.model_fields["type"].default], **told})
