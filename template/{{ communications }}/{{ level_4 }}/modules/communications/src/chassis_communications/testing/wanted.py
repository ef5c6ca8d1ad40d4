"""A data service in memory, as far as it knows of what people want."""

import datetime as dt
from typing import Any
from uuid import UUID, uuid4

from chassis.problems import NotFound
from chassis.schemas import Page
from chassis_communications.addresses import Channel, hashed, normal
from chassis_communications.preferences import (
    Address,
    Consent,
    Erased,
    NewPreference,
    PreferenceQuery,
    PreferenceRead,
)
from chassis_communications.testing.kept import ADDRESSES_KEY


class Wanted:
    """Preferences, by address."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], PreferenceRead] = {}
        self.erased: list[Address] = []

    async def put(self, new: NewPreference) -> PreferenceRead:
        """Keep what somebody wants."""
        address = normal(new.channel, new.recipient)
        said = new.model_dump(exclude_none=True, exclude={"channel", "recipient"})
        key = hashed(ADDRESSES_KEY, new.channel, address)
        return await self.put_known(new.channel, key, said)

    async def put_known(
        self, channel: Channel | str, address_hash: str, said: Any
    ) -> PreferenceRead:
        """Do the same for an address that is known by its digest."""
        key = channel, address_hash
        now = dt.datetime.now(dt.UTC)
        nothing: dict[str, Any] = dict.fromkeys(
            ("consent", "consent_at", "quiet_hours", "time_zone", "a_day")
        )
        first = PreferenceRead(
            **nothing,
            id=uuid4(),
            channel=channel,
            address_hash=address_hash,
            created_at=now,
            updated_at=now,
            version=1,
        )
        self.kept[key] = self.kept.get(key, first).model_copy(update=said)
        return self.kept[key]

    async def get(self, preference_id: UUID) -> PreferenceRead:
        """Give one of them."""
        found = [one for one in self.kept.values() if one.id == preference_id]
        if not found:
            raise NotFound("Preference not found.")
        return found[0]

    async def say(self, preference_id: UUID, consent: Consent) -> PreferenceRead:
        """Keep what somebody says to marketing."""
        found = await self.get(preference_id)
        said = found.model_copy(update={"consent": consent})
        self.kept[found.channel, found.address_hash] = said
        return said

    async def say_known(
        self, channel: Channel | str, address_hash: str, consent: Consent
    ) -> PreferenceRead:
        """Keep what the owner of an address says that is known by its digest."""
        return await self.put_known(channel, address_hash, {"consent": consent})

    async def list(self, _query: PreferenceQuery) -> Page[PreferenceRead]:
        """Give all of them."""
        return Page(items=[*self.kept.values()])

    async def of(self, channel: Channel | str, address_hash: str) -> PreferenceRead | None:
        """Say what the owner of an address wants."""
        return self.kept.get((channel, address_hash))

    async def erase(self, whose: Address) -> Erased:
        """Remember whom to erase."""
        self.erased.append(whose)
        return Erased(messages=1)
