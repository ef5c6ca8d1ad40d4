"""What the data service knows of messages, over HTTP."""

import datetime as dt
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from httpx2 import ASGITransport, AsyncClient

from chassis.database.app import build_data_app
from chassis.database.features import DataSettings
from chassis.problems import Conflict, NotFound
from chassis.webhooks import EventOutcome
from chassis_communications.data.message_events.routes import message_events
from chassis_communications.data.messages.routes import messages
from chassis_communications.data.suppressions.routes import suppressions
from chassis_communications.kept_messages import KeptMessages
from chassis_communications.message_events import NewMessageEvent
from chassis_communications.messages import MESSAGES, MessageState, NewMessage, StoredMessageQuery
from chassis_communications.suppressions import NewSuppression, SuppressionQuery
from chassis_communications.testing.kept import Kept
from chassis_communications.testing.over import Over

if TYPE_CHECKING:
    from fastapi import FastAPI

HELLO = NewMessage(template="hello", channel="email", recipient="ann@example.com", data={"a": 1})


class Served(Kept):
    """The repositories, in memory."""

    advance = Kept.set_state


class ServedSuppressions:
    """Suppressions, as their repository has them."""

    def __init__(self, kept: Kept) -> None:
        self.put, self.list, self.remove = kept.suppress, kept.suppressions, kept.release
        self.put_known = kept.suppress_known


class ServedEvents:
    """Events, as their inbox has them."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    async def keep(self, events: Any) -> None:
        await self._kept.take([NewMessageEvent(**event) for event in events])

    async def due(self) -> Any:
        return await self._kept.due_events()

    async def end(self, event_id: UUID, outcome: EventOutcome) -> None:
        self._kept.ended[event_id] = outcome


@pytest.fixture
def kept() -> Served:
    return Served()


@pytest.fixture
async def data(kept: Served) -> AsyncIterator[AsyncClient]:
    settings = DataSettings(database_url="postgresql://nobody@127.0.0.1:1/none")
    app: FastAPI = build_data_app("Garden data", [], settings)
    app.dependency_overrides[messages] = lambda: kept
    app.dependency_overrides[suppressions] = lambda: ServedSuppressions(kept)
    app.dependency_overrides[message_events] = lambda: ServedEvents(kept)
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://data") as http:
        yield http


@pytest.fixture
def over(data: AsyncClient) -> KeptMessages:
    return KeptMessages(Over(data), "http://data/")


async def test_a_message_is_queued_advanced_listed_and_counted(over: KeptMessages) -> None:
    message = await over.queue(uuid4(), HELLO)
    begun = MessageState(state="sending", attempt=uuid4(), provider="smtp")

    sending = await over.set_state(message.id, begun)

    assert (sending.state, sending.attempts, sending.data) == ("sending", 1, {"a": 1})
    assert await over.get(message.id) == sending
    now = dt.datetime.now(dt.UTC)
    for query in (
        StoredMessageQuery(state="sending", sort="due_at", due_at_max=now),
        StoredMessageQuery(address_hash=message.address_hash, updated_at_max=now),
    ):
        assert (await over.list(query)).items == [sending]
    assert await over.sent_to(message.address_hash, message.created_at) == 1
    with pytest.raises(Conflict):
        await over.set_state(message.id, MessageState(state="withheld"))
    with pytest.raises(NotFound):
        await over.get(uuid4())


async def test_an_address_is_suppressed_and_released(over: KeptMessages) -> None:
    added = await over.suppress(NewSuppression(channel="sms", recipient="+447700900123"))

    assert await over.suppression_of("sms", added.address_hash) == added
    assert (await over.suppressions(SuppressionQuery(channel="sms"))).items == [added]
    await over.release(added.id)
    assert await over.suppression_of("sms", added.address_hash) is None
    known = await over.suppress_known("sms", added.address_hash, "opt_out")
    assert await over.suppression_of("sms", added.address_hash) == known


async def test_events_are_kept_and_handled(over: KeptMessages) -> None:
    event = NewMessageEvent(provider="ses", event_id="1", message=uuid4(), told="sent")
    await over.take([event, event])
    await over.take([event] * 1001)

    (due,) = await over.due_events()

    assert (due.message, due.told, due.attempts) == (event.message, "sent", 0)
    await over.end_event(due, EventOutcome(error="Away."))
    assert not await over.due_events()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", f"/{UUID(int=7)}", {"template": "A b", "channel": "email", "recipient": "x"}),
        ("PUT", f"/{UUID(int=7)}", {"template": "a", "channel": "email", "recipient": ""}),
        ("PUT", f"/{UUID(int=7)}", {"template": "a", "channel": "fax", "recipient": "x"}),
        ("PUT", f"/{UUID(int=7)}/state", {"state": "lost"}),
        ("PUT", f"/{UUID(int=7)}/state", {"state": "sent", "reason": "x" * 201}),
        ("GET", "?state=lost", None),
        ("GET", "/count?address_hash=x", None),
    ],
)
async def test_what_is_no_message_is_refused(
    data: AsyncClient, method: str, path: str, body: Any
) -> None:
    assert (await data.request(method, f"{MESSAGES}{path}", json=body)).status_code == 422
