"""Outbox: what happens to records is told to other services, neither more nor less.

An event is stored in the transaction of the write that it follows: there is none without the
other. A relay passes it on to RabbitMQ as soon as both are there, and forgets it when RabbitMQ has
confirmed it. The events of one record arrive in the order in which they happened. One may arrive
twice, when its confirmation is lost: readers know it again by its id. One that RabbitMQ refuses,
such as for its size, is put aside; the write of an event that is too large is refused itself.

How much waits and for how long is told by ``app.state.outbox.backlog()``.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from chassis_rabbitmq.declared import declared_events
from chassis_rabbitmq.outbox.models import OutboxEntry
from chassis_rabbitmq.outbox.publisher import Publisher
from chassis_rabbitmq.outbox.recorder import EventRecorder
from chassis_rabbitmq.outbox.relay import Relay
from chassis_rabbitmq.outbox.store import Outbox
from chassis_rabbitmq.rabbitmq_settings import Settings

__all__ = ["OutboxEntry", "Settings", "install", "lifespan"]


def install(app: FastAPI, settings: Settings) -> None:
    """Have the events of every write stored, and passed on while the application runs."""
    database = app.state.database
    outbox = app.state.outbox = Outbox(database, settings.event_max_bytes)
    app.state.relay = Relay(outbox, lambda: Publisher.opened(settings))
    # What goes along with calls to other services goes along with events, too.
    providers = app.state.http.header_providers
    recorder = EventRecorder(declared_events(), outbox, app.state.relay, providers)
    database.recorders.append(recorder)


@asynccontextmanager
async def lifespan(app: FastAPI, _settings: Settings) -> AsyncIterator[None]:
    """Run the relay until the application stops."""
    relay: Relay = app.state.relay
    async with relay.running():
        yield
