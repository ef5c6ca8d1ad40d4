"""What a worker is told to do."""

import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from cronsim import CronSim, CronSimError

from chassis.events import Event
from chassis_rabbitmq.consuming import consumer
from chassis_rabbitmq.consuming.failures import Refused
from chassis_workers.process import Worker

__all__ = ["Consumer", "Job", "Refused"]


@dataclass(frozen=True, slots=True)
class Consumer[EventT: Event](consumer.Consumer[EventT, Worker]):
    """Handles all events of one kind, in the version of their class: name, event, function.

    For each version that it handles it is listed once, under the same name.
    """


@dataclass(frozen=True, slots=True)
class Job:
    """Runs at set times, which `cron` gives in UTC: minute, hour, day of month, month, weekday.

    Of all instances of a worker one runs it. A time that passes while none is there is made up for
    within minutes, or left out.
    """

    name: str
    cron: str
    handle: Callable[[dt.datetime, Worker], Awaitable[None]]
    """Is told when it was due, which says the same at every attempt."""

    def __post_init__(self) -> None:
        consumer.check_name("job", self.name)
        try:
            CronSim(self.cron, dt.datetime.now(dt.UTC))
        except CronSimError as error:
            msg = f'job {self.name}: cron must be like "30 4 * * *", got: "{self.cron}" ({error})'
            raise ValueError(msg) from None

    def next_after(self, moment: dt.datetime) -> dt.datetime:
        """Give the next time at which it is due."""
        return next(CronSim(self.cron, moment))
