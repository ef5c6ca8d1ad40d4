"""What a worker is told to do."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cronsim import CronSim, CronSimError

from chassis.events import Event

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from chassis_workers.worker import Worker


# They are parts of the names of queues; the worker has one of its own called schedule.
_NAME = re.compile(r"(?!schedule$)[a-z][a-z0-9_]*")


class Refused(Exception):  # noqa: N818  # what becomes of the message, not an error of the code
    """A handler says that a message can never be handled: it is a dead letter at once."""


@dataclass(frozen=True, slots=True)
class Consumer[EventT: Event]:
    """Handles all events of one kind, in the version of their class.

    Its queue and its writes carry its name: under another name it is another consumer, and the
    messages in the queue of the old name stay where they are. For each version that it handles
    it is listed once, under the same name.
    """

    name: str
    event: type[EventT]
    handle: "Callable[[EventT, Worker], Awaitable[None]]"

    def __post_init__(self) -> None:
        _check_name("consumer", self.name)

    @property
    def queue(self) -> str:
        """Its own, and of one version: what a queue is bound to stays with it."""
        return f"{self.name}.v{self.event.model_fields['version'].default}"


@dataclass(frozen=True, slots=True)
class Job:
    """Runs at set times, which `cron` gives in UTC: minute, hour, day of month, month, weekday.

    Of all instances of a worker one runs it. A time that passes while none is there is made up for
    within minutes, or left out.
    """

    name: str
    cron: str
    handle: "Callable[[dt.datetime, Worker], Awaitable[None]]"
    """Is told when it was due, which says the same at every attempt."""

    def __post_init__(self) -> None:
        _check_name("job", self.name)
        try:
            CronSim(self.cron, dt.datetime.now(dt.UTC))
        except CronSimError as error:
            msg = f'job {self.name}: cron must be like "30 4 * * *", got: "{self.cron}" ({error})'
            raise ValueError(msg) from None

    def next_after(self, moment: dt.datetime) -> dt.datetime:
        """Give the next time at which it is due."""
        return next(CronSim(self.cron, moment))


def _check_name(kind: str, name: str) -> None:
    if not _NAME.fullmatch(name):
        msg = f'the name of a {kind} must be like "count_new", and not "schedule", got: "{name}"'
        raise ValueError(msg)
