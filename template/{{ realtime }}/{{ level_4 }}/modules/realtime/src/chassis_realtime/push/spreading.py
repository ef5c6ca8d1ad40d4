"""An event becomes one push for each device of those who are told of it."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from chassis_rabbitmq.consuming.consumer import read
from chassis_rabbitmq.consuming.delivery import Delivery
from chassis_rabbitmq.consuming.failures import ServiceAway
from chassis_realtime.devices import Kind, PushDeviceQuery
from chassis_realtime.kept_devices import KeptDevices
from chassis_realtime.push.providers import Notice
from chassis_realtime.push.settings import PushSettings
from chassis_realtime.push.waiting import DONE, Push, Waiting
from chassis_redis.redis_client import AWAY, reason

PAGE = 100
FULL = "so many pushes wait that no more are taken on"

type Now = Callable[[], dt.datetime]


class Head(BaseModel):
    """What is read of an event: nothing of the record."""

    id: UUID
    type: str
    version: int
    subject: UUID
    occurred_at: AwareDatetime


def utc_now() -> dt.datetime:
    """Give the time."""
    return dt.datetime.now(dt.UTC)


class Spreading:
    """Takes on the pushes of events."""

    def __init__(
        self,
        waiting: Waiting,
        devices: KeptDevices,
        told: Mapping[str, Sequence[str]],
        settings: PushSettings,
        now: Now = utc_now,
    ) -> None:
        self._waiting = waiting
        self._devices = devices
        self._told = told
        self._settings = settings
        self._now = now

    async def handle(self, delivery: Delivery) -> None:
        """Take on what is to be told of an event; raises ServiceAway."""
        head = read(Head, delivery.body)
        audiences = self._told.get(f"{head.type}.v{head.version}", ())
        age = (self._now() - head.occurred_at).total_seconds()
        if not audiences or age >= self._settings.push_life:
            return
        notice = Notice(head.id, head.type, head.subject, head.occurred_at)
        try:
            await self._take_on(notice, audiences)
        except AWAY as error:
            raise ServiceAway(f"Redis: {reason(error)}") from error

    async def _take_on(self, notice: Notice, audiences: Sequence[str]) -> None:
        places = await self._waiting.places(notice.id)
        left = [audience for audience in audiences if places.get(audience) != DONE]
        if not left:
            return
        if await self._waiting.number() >= self._settings.push_waiting:
            raise ServiceAway(FULL)
        for audience in left:
            await self._tell(notice, audience, places.get(audience))

    async def _tell(self, notice: Notice, audience: str, place: str | None) -> None:
        """Take on the pushes to an audience, from a cursor on."""
        on: frozenset[Kind] = self._settings.push_providers
        while place != DONE:
            asked = PushDeviceQuery(audience=audience, sort="created_at", limit=PAGE, cursor=place)
            page = await self._devices.list(asked)
            place = page.next_cursor or DONE
            pushes = [Push(notice.id, one.id, one.kind) for one in page.items if one.kind in on]
            await self._waiting.add(notice, audience, pushes, place, self._now().timestamp())
