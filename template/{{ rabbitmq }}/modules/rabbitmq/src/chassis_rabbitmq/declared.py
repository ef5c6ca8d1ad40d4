"""The events of the project."""

from collections.abc import Mapping, Sequence
from importlib import import_module

from chassis.events import Event

DECLARED = "shared.events"
"""The module that declares them, by table: ``EVENTS``."""

type EventsByTable = Mapping[str, Sequence[type[Event]]]


def declared_events() -> EventsByTable:
    """Give the events that the project declares."""
    events: EventsByTable = import_module(DECLARED).EVENTS
    return events
