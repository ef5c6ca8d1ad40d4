"""Devices in memory, as the data service would keep them."""

import datetime as dt
from uuid import UUID, uuid4

from chassis.problems import NotFound
from chassis.schemas import Page
from chassis_realtime.devices import PushDeviceNew, PushDeviceQuery, PushDeviceRead, hash_of
from chassis_realtime.kept_devices import KeptDevices


class MemoryDevices(KeptDevices):
    """Keeps devices as long as a test runs."""

    def __init__(self) -> None:
        self.kept: dict[UUID, PushDeviceRead] = {}
        self.asked: list[UUID] = []
        """Each device that somebody wanted to tell something."""

    async def register(self, new: PushDeviceNew) -> PushDeviceRead:
        """Keep a device."""
        now = dt.datetime.now(dt.UTC)
        kept = PushDeviceRead(
            **new.model_dump(),
            id=next((one.id for one in self.kept.values() if _same(one, new)), None) or uuid4(),
            address_hash=hash_of(new.address),
            created_at=now,
            updated_at=now,
            version=1,
        )
        self.kept[kept.id] = kept
        return kept

    async def list(self, query: PushDeviceQuery) -> Page[PushDeviceRead]:
        """Give a page of one, to see that whoever lists them asks for the next one, too."""
        asked = query.model_dump(include={"account", "audience", "kind"}, exclude_none=True)
        found = [one for one in self.kept.values() if asked.items() <= one.model_dump().items()]
        if query.account:
            return Page(items=found[: query.limit])
        place = int(query.cursor or 0)
        more = str(place + 1) if place + 1 < len(found) else None
        return Page(items=found[place : place + 1], next_cursor=more)

    async def due(self, device: UUID) -> PushDeviceRead | None:
        """Give a device that has not ended."""
        self.asked.append(device)
        found = self.kept.get(device)
        return found if found and found.ends_at > dt.datetime.now(dt.UTC) else None

    async def forget_ended(self, device: UUID) -> None:
        """Forget a device that has ended."""
        found = self.kept.get(device)
        if found and found.ends_at <= dt.datetime.now(dt.UTC):
            del self.kept[device]

    async def end(self, device: UUID, account: str | None = None) -> None:
        """Forget a device."""
        found = self.kept.get(device)
        if found is None or account not in {None, found.account}:
            raise NotFound("There is none.")
        del self.kept[device]


def _same(kept: PushDeviceRead, new: PushDeviceNew) -> bool:
    return (kept.kind, kept.address, kept.audience) == (new.kind, new.address, new.audience)
