"""A data service in memory, as far as it knows of messages."""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID, uuid4

from chassis.problems import Conflict, NotFound, OutcomeUnknown
from chassis.schemas import Page
from chassis.webhooks import EventOutcome
from chassis_communications.addresses import Channel, hashed
from chassis_communications.kept_messages import KeptMessages
from chassis_communications.message_events import DueMessageEvent, NewMessageEvent
from chassis_communications.messages import (
    MessageState,
    NewMessage,
    StoredMessageQuery,
    StoredMessageRead,
)
from chassis_communications.steps import step
from chassis_communications.suppressions import (
    Cause,
    NewSuppression,
    SuppressionQuery,
    SuppressionRead,
)

ADDRESSES_KEY = "what digests of addresses are made with in tests"


class Kept:
    """Messages, suppressions and events; `failures` are raised one by one when a state is set."""

    def __init__(self) -> None:
        self.messages: dict[UUID, StoredMessageRead] = {}
        self.suppressed: dict[tuple[str, str], SuppressionRead] = {}
        self.told: dict[tuple[str, str], DueMessageEvent] = {}
        self.ended: dict[UUID, EventOutcome] = {}
        self.states: list[str] = []
        """Every state that a message came to."""
        self.failures: list[Exception] = []
        self.unreadable: set[UUID] = set()
        """Messages that a page leaves out, as it cannot read them."""
        self.unconfirmed = 0
        """So many states are kept, and the answers to that are lost."""

    async def queue(self, message_id: UUID, new: NewMessage) -> StoredMessageRead:
        """Queue a message."""
        now, asked = dt.datetime.now(dt.UTC), new.model_dump(include=set(NewMessage.model_fields))
        if message_id in self.messages:
            if self.messages[message_id].model_dump(include=set(asked)) != asked:
                raise Conflict("There is another message with this id.")
            return self.messages[message_id]
        self.messages[message_id] = StoredMessageRead(
            **asked,
            id=message_id,
            state="queued",
            reason=None,
            provider=None,
            provider_id=None,
            segments=None,
            cost=None,
            attempts=0,
            attempt=None,
            address_hash=hashed(ADDRESSES_KEY, new.channel, new.recipient),
            due_at=now,
            created_at=now,
            updated_at=now,
        )
        return self.messages[message_id]

    async def get(self, message_id: UUID) -> StoredMessageRead:
        """Give a message."""
        if message_id not in self.messages:
            raise NotFound("Message not found.")
        return self.messages[message_id]

    async def list(self, query: StoredMessageQuery) -> Page[StoredMessageRead]:
        """Give the messages that match."""
        equal = query.model_dump(
            include={"template", "channel", "state", "address_hash"}, exclude_none=True
        )
        found = [
            one
            for one in self.messages.values()
            if all(getattr(one, name) == value for name, value in equal.items())
            and (query.due_at_max is None or one.due_at <= query.due_at_max)
            and (query.updated_at_max is None or one.updated_at <= query.updated_at_max)
        ]
        begin = int(query.cursor or 0)
        end = begin + query.limit
        shown = [one for one in found[begin:end] if one.id not in self.unreadable]
        return Page(items=shown, next_cursor=f"{end}" if len(found) > end else None)

    first = KeptMessages.first

    async def set_state(self, message_id: UUID, state: MessageState) -> StoredMessageRead:
        """Say what a message has come to."""
        if self.failures:
            raise self.failures.pop(0)
        stored = await self.get(message_id)
        values = step(stored.model_dump(), state)
        if values is not None:
            now = {"updated_at": dt.datetime.now(dt.UTC)}
            self.messages[message_id] = stored.model_copy(update={**values, **now})
            self.states += [state.state] if "state" in values else []
        if self.unconfirmed:
            self.unconfirmed -= 1
            raise OutcomeUnknown("No confirmation.")
        return self.messages[message_id]

    async def sent_to(self, address_hash: str, since: dt.datetime) -> int:
        """Count what went to an address."""
        return sum(
            one.address_hash == address_hash and one.created_at >= since and one.attempts > 0
            for one in self.messages.values()
        )

    async def suppress(self, new: NewSuppression) -> SuppressionRead:
        """Have nothing sent to an address."""
        address = hashed(ADDRESSES_KEY, new.channel, new.recipient)
        return await self.suppress_known(new.channel, address, new.cause)

    async def suppress_known(
        self, channel: Channel | str, address_hash: str, cause: Cause | str
    ) -> SuppressionRead:
        """Have nothing sent to an address that is known by its digest."""
        now = dt.datetime.now(dt.UTC)
        self.suppressed[channel, address_hash] = SuppressionRead(
            id=uuid4(),
            channel=channel,
            address_hash=address_hash,
            cause=cause,
            created_at=now,
            updated_at=now,
        )
        return self.suppressed[channel, address_hash]

    async def suppressions(self, _query: SuppressionQuery) -> Page[SuppressionRead]:
        """Give all of them."""
        return Page(items=[*self.suppressed.values()])

    async def suppression_of(
        self, channel: Channel | str, address_hash: str
    ) -> SuppressionRead | None:
        """Say whether nothing is sent to an address."""
        return self.suppressed.get((channel, address_hash))

    async def release(self, suppression_id: UUID) -> None:
        """Have messages sent to an address again."""
        for key, one in [*self.suppressed.items()]:
            if one.id == suppression_id:
                del self.suppressed[key]

    async def take(self, events: Sequence[NewMessageEvent]) -> None:
        """Keep what a provider told, once."""
        for event in events:
            kept = DueMessageEvent(**event.model_dump(), id=uuid4(), attempts=0)
            self.told.setdefault((event.provider, event.event_id), kept)

    async def due_events(self) -> Sequence[DueMessageEvent]:
        """Give those that nobody has acted on."""
        return [one for one in self.told.values() if one.id not in self.ended]

    async def end_event(self, event: DueMessageEvent, outcome: EventOutcome) -> None:
        """Keep what became of an event."""
        self.ended[event.id] = outcome
