"""Devices, kept by the data service."""

from urllib.parse import urlencode
from uuid import UUID

from chassis.data_api import PAST_CACHES, KeepingHttp, Reader
from chassis.http_client import raise_for_problem
from chassis.problems import NotFound
from chassis.schemas import Page
from chassis_realtime.devices import PATH, PushDeviceNew, PushDeviceQuery, PushDeviceRead

_devices = Reader(PushDeviceRead, "push device")


class KeptDevices:
    """Reaches the devices; each method raises what the data service answered."""

    def __init__(self, http: KeepingHttp, base_url: str) -> None:
        self._http = http
        self._url = f"{base_url.rstrip('/')}{PATH}"

    async def register(self, new: PushDeviceNew) -> PushDeviceRead:
        """Keep a device, or keep it for longer; raises Conflict for what is no account."""
        return _devices.written(
            await self._http.put(self._url, json_body=new.model_dump_json().encode())
        )

    async def list(self, query: PushDeviceQuery) -> Page[PushDeviceRead]:
        """Give one page of devices."""
        params = query.model_dump(mode="json", exclude_none=True)
        return _devices.page(await self._http.get(self._url, params=params, headers=PAST_CACHES))

    async def due(self, device: UUID) -> PushDeviceRead | None:
        """Give a device, if it may be told something now."""
        try:
            return _devices.one(await self._http.get(f"{self._url}/{device}", headers=PAST_CACHES))
        except NotFound:
            return None

    async def forget_ended(self, device: UUID) -> None:
        """Forget a device that may be told nothing any more; any other stays."""
        raise_for_problem(await self._http.delete(f"{self._url}/{device}/ended"))

    async def end(self, device: UUID, account: str | None = None) -> None:
        """Forget a device, of this account if one is named; raises NotFound."""
        owned = f"?{urlencode({'account': account})}" if account else ""
        raise_for_problem(await self._http.delete(f"{self._url}/{device}{owned}"))
