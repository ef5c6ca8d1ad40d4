"""The audiences of the project: by name, the events that each is told of."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from importlib import import_module

from chassis.events import Event

DECLARED = "shared.audiences"
"""The module that declares them: ``AUDIENCES``."""

type Audiences = Mapping[str, Sequence[type[Event]]]


def declared_audiences() -> Audiences:
    """Give the audiences that the project declares."""
    audiences: Audiences = import_module(DECLARED).AUDIENCES
    return audiences


def told_by_event(audiences: Audiences) -> Mapping[str, Sequence[str]]:
    """Give the audiences by the version of an event that each is told of."""
    told = defaultdict(list)
    for name, events in audiences.items():
        for event in events:
            told[event.routing_key()].append(name)
    return told
