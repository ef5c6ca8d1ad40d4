import datetime as dt
from collections.abc import Awaitable, Callable
from uuid import UUID

from chassis.database import Database
from chassis.database.repository import Repository
from chassis.problems import Conflict, NotFound
from chassis_realtime.data.push_devices.model import PushDevice
from chassis_realtime.devices import PushDeviceNew, PushDeviceQuery, PushDeviceRead, hash_of

NO_ACCOUNT = "Whoever asks has no account that could be told anything."
ENDED = "This device is not told anything any more."

type May = Callable[[str, list[str]], Awaitable[bool]]
"""Says whether an account is there, and still has one of the roles by which it may be told."""


class PushDevices(Repository[PushDeviceRead]):
    """Devices in PostgreSQL."""

    model = PushDevice
    read = PushDeviceRead

    def __init__(
        self,
        database: Database,
        clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        super().__init__(database)
        self.may: May = _as_it_was
        self._clock = clock

    async def register(self, new: PushDeviceNew) -> PushDeviceRead:
        """Keep a device, or keep it for longer; whose it was before is told nothing there any more.

        Raises Conflict for what is no account, and where another one registers it at this moment.
        """
        if not await self.may(new.account, new.roles):
            raise Conflict(NO_ACCOUNT)
        values = {**new.model_dump(), "address_hash": hash_of(new.address)}
        known = await self._known(new, values["address_hash"])
        if known is None:
            return await self.add(values)
        try:
            return await self.change(known.id, values)
        except NotFound:  # it has just been forgotten
            return await self.add(values)

    async def due(self, device_id: UUID) -> PushDeviceRead:
        """Give a device that may be told something now; raises NotFound, and forgets any other."""
        device = await self.get(device_id)
        ended = device.ends_at <= self._clock()
        if ended or not await self.may(device.account, device.roles):
            await self._forget(device_id)
            raise NotFound(ENDED)
        return device

    async def end(self, device_id: UUID, account: str | None) -> None:
        """Forget a device, of this account if one is named; raises NotFound."""
        device = await self.get(device_id)
        if account not in {None, device.account}:
            raise self._missing()
        await self.remove(device_id)

    async def _known(self, new: PushDeviceNew, address_hash: str) -> PushDeviceRead | None:
        asked = PushDeviceQuery(
            kind=new.kind, audience=new.audience, address_hash=address_hash, limit=1
        )
        page = await self.list(asked)
        return page.items[0] if page.items else None

    async def _forget(self, device_id: UUID) -> None:
        try:
            await self.remove(device_id)
        except NotFound:
            return  # somebody else has done so


async def _as_it_was(_account: str, _roles: list[str]) -> bool:
    return True
