"""A consumer: which events are handled, under which name, and by what."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError

from chassis.events import Event
from chassis_rabbitmq.consuming.failures import Refused

# They are parts of the names of queues; each process has one of its own called schedule.
_NAME = re.compile(r"(?!schedule$)[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Consumer[EventT: Event, HostT]:
    """Handles all events of one kind, in the version of their class.

    Its queue and its writes carry its name: under another name it is another consumer, and the
    messages in the queue of the old name stay where they are. For each version that it handles
    it is listed once, under the same name.
    """

    name: str
    event: type[EventT]
    handle: Callable[[EventT, HostT], Awaitable[None]]
    """Is given the event, and the process that handles it."""

    def __post_init__(self) -> None:
        check_name("consumer", self.name)

    @property
    def queue(self) -> str:
        """Its own, and of one version: what a queue is bound to stays with it."""
        return f"{self.name}.v{self.event.model_fields['version'].default}"

    def read(self, body: bytes) -> EventT:
        """Read an event; raises Refused."""
        event = read(self.event, body)
        if "id" not in event.model_fields_set:  # it would be another one at each attempt
            raise Refused(f"not a {self.event.__name__}: id (missing)")
        return event


def read[ModelT: BaseModel](model: type[ModelT], body: bytes) -> ModelT:
    """Read a message; one that is something else will never be anything else."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        # Without what was sent, which does not belong in logs.
        faults = [f"{'.'.join(map(str, e['loc']))} ({e['type']})" for e in error.errors()]
        raise Refused(f"not a {model.__name__}: {', '.join(faults)}") from None


def check_name(kind: str, name: str) -> None:
    """Refuse a name that no queue of its own can have; raises ValueError."""
    if not _NAME.fullmatch(name):
        msg = f'the name of a {kind} must be like "count_new", and not "schedule", got: "{name}"'
        raise ValueError(msg)
