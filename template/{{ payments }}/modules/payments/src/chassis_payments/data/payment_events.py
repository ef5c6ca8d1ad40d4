"""What payments come to is told to whoever wants to know, through the outbox."""

from fastapi import FastAPI

from chassis.feature import no_lifespan
from chassis_payments.events import EVENTS
from chassis_rabbitmq.outbox.recorder import EventRecorder

__all__ = ["install", "lifespan"]


def install(app: FastAPI, _settings: object) -> None:
    """Have the events of payments stored with each write."""
    state = app.state
    recorder = EventRecorder(EVENTS, state.outbox, state.relay, state.http.header_providers)
    state.database.recorders.append(recorder)


lifespan = no_lifespan
