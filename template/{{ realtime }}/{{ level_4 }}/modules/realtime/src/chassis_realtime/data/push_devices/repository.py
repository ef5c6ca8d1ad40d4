import datetime as dt
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from chassis.database.engine import Change
from chassis.database.repository import Repository
from chassis.problems import Conflict, NotFound, Outdated
from chassis_realtime.data.push_devices.model import PushDevice
from chassis_realtime.devices import PushDeviceNew, PushDeviceQuery, PushDeviceRead, hash_of

NO_ACCOUNT = "Whoever asks has no account that could be told anything."
ENDED = "This device is not told anything any more."

SECRET = frozenset({"address", "address_hash", "p256dh", "auth"})
"""The columns by which a device is reached: no copy of them is anywhere else."""

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

        Raises Conflict for what is no account.
        """
        if not await self.may(new.account, new.roles):
            raise Conflict(NO_ACCOUNT)
        values = {**new.model_dump(), "address_hash": hash_of(new.address)}
        try:
            return await self._keep(values)
        except Conflict:  # somebody else has registered it at this moment
            return await self._keep(values)

    async def due(self, device_id: UUID) -> PushDeviceRead:
        """Give a device that may be told something now; raises NotFound for any other."""
        device = await self.get(device_id)
        if not await self._is_due(device):
            raise NotFound(ENDED)
        return device

    async def forget_ended(self, device_id: UUID) -> None:
        """Forget a device that may be told nothing any more; any other stays."""
        try:
            device = await self.get(device_id)
            if not await self._is_due(device):
                await self.remove(device_id, device.version)
        except Outdated:  # it has just been registered again
            await self.forget_ended(device_id)
        except NotFound:
            return  # somebody else has forgotten it

    async def end(self, device_id: UUID, account: str | None) -> None:
        """Forget a device, of this account if one is named; raises NotFound."""
        device = await self.get(device_id)
        if account not in {None, device.account}:
            raise self._missing()
        try:
            await self.remove(device_id, device.version)
        except Outdated:  # it has just been registered again: it may be of somebody else now
            await self.end(device_id, account)

    async def recorded(self, connection: AsyncConnection, change: Change) -> None:
        """Tell others of a device, but not how it is reached."""
        values = {name: None if name in SECRET else one for name, one in change.values.items()}
        stored = {name: one for name, one in change.stored.items() if name not in SECRET}
        await super().recorded(connection, replace(change, values=values, stored=stored))

    async def _is_due(self, device: PushDeviceRead) -> bool:
        return device.ends_at > self._clock() and await self.may(device.account, device.roles)

    async def _keep(self, values: Mapping[str, Any]) -> PushDeviceRead:
        if known := await self._known(values):
            with suppress(NotFound):  # it has just been forgotten
                return await self.change(known.id, values)
        return await self.add(values)

    async def _known(self, values: Mapping[str, Any]) -> PushDeviceRead | None:
        same = {name: values[name] for name in ("kind", "audience", "address_hash")}
        page = await self.list(PushDeviceQuery(**same, limit=1))
        return page.items[0] if page.items else None


async def _as_it_was(_account: str, _roles: list[str]) -> bool:
    return True
