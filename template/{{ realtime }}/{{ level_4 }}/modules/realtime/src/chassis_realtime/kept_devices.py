"""Devices, kept by the data service."""

from urllib.parse import urlencode
from uuid import UUID

from pydantic import TypeAdapter

from chassis.data_api import PAST_CACHES, KeepingHttp
from chassis.http_client import raise_for_problem
from chassis.problems import NotFound
from chassis.schemas import Page
from chassis_realtime.devices import PATH, PushDeviceNew, PushDeviceQuery, PushDeviceRead

_pages = TypeAdapter(Page[PushDeviceRead])


class KeptDevices:
    """Reaches the devices; each method raises what the data service answered."""

    def __init__(self, http: KeepingHttp, base_url: str) -> None:
        self._http = http
        self._url = f"{base_url.rstrip('/')}{PATH}"

    async def register(self, new: PushDeviceNew) -> PushDeviceRead:
        """Keep a device, or keep it for longer; raises Conflict for what is no account."""
        reply = await self._http.put(self._url, json_body=new.model_dump_json().encode())
        raise_for_problem(reply)
        return PushDeviceRead.model_validate_json(reply.body)

    async def list(self, query: PushDeviceQuery) -> Page[PushDeviceRead]:
        """Give one page of devices."""
        params = query.model_dump(mode="json", exclude_none=True)
        reply = await self._http.get(self._url, params=params, headers=PAST_CACHES)
        raise_for_problem(reply)
        return _pages.validate_json(reply.body)

    async def due(self, device: UUID) -> PushDeviceRead | None:
        """Give a device, if it may be told something now."""
        reply = await self._http.get(f"{self._url}/{device}", headers=PAST_CACHES)
        try:
            raise_for_problem(reply)
        except NotFound:
            return None
        return PushDeviceRead.model_validate_json(reply.body)

    async def end(self, device: UUID, account: str | None = None) -> None:
        """Forget a device, of this account if one is named; raises NotFound."""
        owned = f"?{urlencode({'account': account})}" if account else ""
        raise_for_problem(await self._http.delete(f"{self._url}/{device}{owned}"))
