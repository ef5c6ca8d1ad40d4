"""Preferences, kept by the data service and reached over HTTP."""

from uuid import UUID

from chassis.data_api import PAST_CACHES, KeepingHttp, Reader
from chassis.schemas import Page
from chassis_communications.addresses import Channel
from chassis_communications.preferences import (
    ERASURES,
    PREFERENCES,
    Address,
    Consent,
    ConsentChange,
    Erased,
    NewPreference,
    PreferenceQuery,
    PreferenceRead,
)

_preferences = Reader(PreferenceRead, "preference")
_erased = Reader(Erased, "erasure")


class KeptPreferences:
    """What a data service knows of what people want; raises what it answers."""

    def __init__(self, http: KeepingHttp, base_url: str) -> None:
        self._http = http
        self._base = base_url.rstrip("/")

    async def put(self, new: NewPreference) -> PreferenceRead:
        """Keep what somebody wants; what is not said stays as it is."""
        url, body = f"{self._base}{PREFERENCES}", new.model_dump_json(exclude_none=True)
        return _preferences.written(await self._http.put(url, json_body=body.encode()))

    async def get(self, preference_id: UUID) -> PreferenceRead:
        """Give one of them; raises NotFound."""
        url = f"{self._base}{PREFERENCES}/{preference_id}"
        return _preferences.one(await self._http.get(url, headers=PAST_CACHES))

    async def say(self, preference_id: UUID, consent: Consent) -> PreferenceRead:
        """Keep what somebody says to marketing; raises NotFound."""
        url, body = (
            f"{self._base}{PREFERENCES}/{preference_id}/consent",
            ConsentChange(consent=consent),
        )
        return _preferences.written(
            await self._http.put(url, json_body=body.model_dump_json().encode())
        )

    async def say_known(
        self, channel: Channel | str, address_hash: str, consent: Consent
    ) -> PreferenceRead:
        """Keep what the owner of an address says that is known by its digest."""
        url = f"{self._base}{PREFERENCES}/{channel}/{address_hash}/consent"
        body = ConsentChange(consent=consent).model_dump_json().encode()
        return _preferences.written(await self._http.put(url, json_body=body))

    async def list(self, query: PreferenceQuery) -> Page[PreferenceRead]:
        """Give one page of those that match."""
        params = query.model_dump(mode="json", exclude_none=True)
        url = f"{self._base}{PREFERENCES}"
        return _preferences.page(await self._http.get(url, params=params, headers=PAST_CACHES))

    async def of(self, channel: Channel | str, address_hash: str) -> PreferenceRead | None:
        """Say what the owner of an address wants, if anything is known of it."""
        query = PreferenceQuery(channel=channel, address_hash=address_hash, limit=1)
        return next(iter((await self.list(query)).items), None)

    async def erase(self, whose: Address) -> Erased:
        """Erase what is known of somebody, but for what says that nothing is sent there."""
        url, body = f"{self._base}{ERASURES}", whose.model_dump_json().encode()
        return _erased.written(await self._http.put(url, json_body=body))
