"""Messages, kept by the data service and reached over HTTP."""

import datetime as dt
import itertools
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis.data_api import PAST_CACHES, KeepingHttp, Reader
from chassis.http_client import Reply, raise_for_problem
from chassis.schemas import Page
from chassis.webhooks import EventOutcome
from chassis_communications.addresses import Channel
from chassis_communications.message_events import (
    EVENTS,
    MOST,
    DueMessageEvent,
    MessageEventBatch,
    NewMessageEvent,
)
from chassis_communications.messages import (
    MESSAGES,
    MessageCount,
    MessageState,
    NewMessage,
    StoredMessageQuery,
    StoredMessageRead,
)
from chassis_communications.suppressions import (
    SUPPRESSIONS,
    Cause,
    NewSuppression,
    SuppressionCause,
    SuppressionQuery,
    SuppressionRead,
)

_messages = Reader(StoredMessageRead, "message")
_counts = Reader(MessageCount, "count of messages")
_suppressions = Reader(SuppressionRead, "suppression")
_events = Reader(DueMessageEvent, "message event")


class KeptMessages:
    """What a data service keeps; raises what it answers, and Unavailable without an answer.

    Nothing comes from a cache: whether a message is sent is decided on what is so now.
    """

    def __init__(self, http: KeepingHttp, base_url: str) -> None:
        self._http = http
        self._base = base_url.rstrip("/")

    async def queue(self, message_id: UUID, new: NewMessage) -> StoredMessageRead:
        """Queue a message; twice is once. Raises Conflict for another one with this id."""
        body = new.model_dump_json(include=set(NewMessage.model_fields)).encode()
        return _messages.written(
            await self._http.put(f"{self._base}{MESSAGES}/{message_id}", json_body=body)
        )

    async def get(self, message_id: UUID) -> StoredMessageRead:
        """Give a message; raises NotFound."""
        return _messages.one(await self._get(f"{MESSAGES}/{message_id}"))

    async def list(self, query: StoredMessageQuery) -> Page[StoredMessageRead]:
        """Give one page of the messages that match."""
        return _messages.page(await self._page(MESSAGES, query))

    async def first(self, query: StoredMessageQuery) -> Sequence[StoredMessageRead]:
        """Give the first of those that match: however many cannot be read, they hold up no others."""
        page = await self.list(query)
        while not page.items and page.next_cursor:
            page = await self.list(query.model_copy(update={"cursor": page.next_cursor}))
        return page.items

    async def set_state(self, message_id: UUID, state: MessageState) -> StoredMessageRead:
        """Say what a message has come to; raises Conflict if it has come to something else."""
        url, body = (
            f"{self._base}{MESSAGES}/{message_id}/state",
            state.model_dump_json(exclude_none=True),
        )
        return _messages.written(await self._http.put(url, json_body=body.encode()))

    async def sent_to(self, address_hash: str, since: dt.datetime) -> int:
        """Count what went to an address, or may have."""
        params = {"address_hash": address_hash, "since": since.isoformat()}
        return _counts.one(await self._get(f"{MESSAGES}/count", params)).number

    async def suppress(self, new: NewSuppression) -> SuppressionRead:
        """Have nothing sent to an address any more."""
        url, body = f"{self._base}{SUPPRESSIONS}", new.model_dump_json().encode()
        return _suppressions.written(await self._http.put(url, json_body=body))

    async def suppress_known(
        self, channel: Channel | str, address_hash: str, cause: Cause | str
    ) -> SuppressionRead:
        """Have nothing sent any more to an address that is known by its digest."""
        url = f"{self._base}{SUPPRESSIONS}/{channel}/{address_hash}"
        body = SuppressionCause(cause=cause).model_dump_json().encode()
        return _suppressions.written(await self._http.put(url, json_body=body))

    async def suppressions(self, query: SuppressionQuery) -> Page[SuppressionRead]:
        """List addresses that nothing is sent to."""
        return _suppressions.page(await self._page(SUPPRESSIONS, query))

    async def suppression_of(
        self, channel: Channel | str, address_hash: str
    ) -> SuppressionRead | None:
        """Say whether, and why, nothing is sent to an address."""
        query = SuppressionQuery(channel=channel, address_hash=address_hash, limit=1)
        return next(iter((await self.suppressions(query)).items), None)

    async def release(self, suppression_id: UUID) -> None:
        """Have messages sent to an address again; raises NotFound."""
        url = f"{self._base}{SUPPRESSIONS}/{suppression_id}"
        raise_for_problem(await self._http.delete(url))

    async def take(self, events: Sequence[NewMessageEvent]) -> None:
        """Keep what a provider told, however much it was; twice is once."""
        url = f"{self._base}{EVENTS}"
        for some in itertools.batched(events, MOST):
            body = MessageEventBatch(items=list(some)).model_dump_json().encode()
            raise_for_problem(await self._http.put(url, json_body=body))

    async def due_events(self) -> Sequence[DueMessageEvent]:
        """Give what providers told, and nobody has acted on."""
        return _events.all(await self._get(f"{EVENTS}/due"))

    async def end_event(self, event: DueMessageEvent, outcome: EventOutcome) -> None:
        """Say what became of an event."""
        url, body = f"{self._base}{EVENTS}/{event.id}", outcome.model_dump_json().encode()
        raise_for_problem(await self._http.put(url, json_body=body))

    async def _page(self, path: str, query: Any) -> Reply:
        return await self._get(path, query.model_dump(mode="json", exclude_none=True))

    async def _get(self, path: str, params: Mapping[str, Any] | None = None) -> Reply:
        return await self._http.get(f"{self._base}{path}", params=params, headers=PAST_CACHES)
