"""Real-time communication as metrics: who is connected, what is told, and why it ends."""

from fastapi import FastAPI
from prometheus_client import Counter, Gauge

from chassis.feature import no_lifespan
from chassis_realtime.hub import End, Kind, Message
from chassis_realtime.live.settings import LiveSettings


def install(app: FastAPI, settings: LiveSettings) -> None:
    """Tell of the hub."""
    hub, registry = app.state.hub, app.state.metrics.registry
    open_ = Gauge("realtime_connections", "Clients that are connected.", registry=registry)
    open_.set_function(lambda: float(app.state.places.open))
    places = Gauge("realtime_places", "Clients that may be connected.", registry=registry)
    places.set(settings.realtime_connections)
    hears = Gauge("realtime_listening", "1 while Redis calls out what is new.", registry=registry)
    hears.set_function(lambda: float(hub.listening))
    told = Counter("realtime_messages", "Messages to clients.", ["kind"], registry=registry)
    ended = Counter("realtime_ended", "Connections that ended.", ["reason"], registry=registry)
    kinds = (Kind.READY, Kind.CHANGE, Kind.RESET)
    for kind in kinds:  # known from the start: a first failure must show
        told.labels(kind.value)
    for end in End:
        ended.labels(end.name.lower())

    def count(message: Message) -> None:
        if message.kind in kinds:
            told.labels(message.kind.value).inc()

    hub.message_observers.append(count)
    hub.end_observers.append(lambda end: ended.labels(end.name.lower()).inc())


lifespan = no_lifespan
