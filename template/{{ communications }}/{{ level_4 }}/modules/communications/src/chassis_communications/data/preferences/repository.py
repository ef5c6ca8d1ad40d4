import datetime as dt
from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, delete, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql import literal

from chassis.database.engine import Database
from chassis.database.repository import Repository
from chassis_communications.addresses import hashed, normal
from chassis_communications.data.messages.model import Message
from chassis_communications.data.preferences.model import Preference
from chassis_communications.preferences import Address, Consent, NewPreference, PreferenceRead

ERASED = "erased"
_messages = cast("Table", Message.__table__)


class Preferences(Repository[PreferenceRead]):
    """What people want, in PostgreSQL; every change of it is recorded as that of any record."""

    model = Preference
    read = PreferenceRead

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._table: Table = self._records.table

    async def put(self, new: NewPreference) -> PreferenceRead:
        """Keep what somebody wants; what is not said stays as it is."""
        address_hash = hashed(new.channel, normal(new.channel, new.recipient))
        wanted = new.model_dump(exclude_none=True, exclude={"channel", "recipient"})
        table = self._table
        values = {"channel": new.channel, "address_hash": address_hash}
        there = postgresql.insert(table).values(**values).on_conflict_do_nothing()
        found = select(table.c.id).where(
            table.c.channel == new.channel, table.c.address_hash == address_hash
        )
        async with self.database.begin() as connection:
            await connection.execute(there)
            preference_id = (await connection.execute(found)).scalar_one()
        return await self.change(preference_id, _dated(wanted))

    async def say(self, preference_id: UUID, consent: Consent) -> PreferenceRead:
        """Keep what somebody says to marketing; raises NotFound."""
        return await self.change(preference_id, _dated({"consent": consent}))

    async def erase(self, whose: Address) -> int:
        """Erase an address and what was sent to it; say how many messages that were."""
        address_hash = hashed(whose.channel, normal(whose.channel, whose.recipient))
        table = self._table
        owner = (table.c.channel == whose.channel, table.c.address_hash == address_hash)
        theirs = (_messages.c.address_hash == address_hash, _messages.c.recipient != ERASED)
        emptied = (
            update(_messages)
            .where(*theirs)
            .values(recipient=ERASED, data=literal({}, JSONB()), reason=None)
        )
        waiting = (
            update(_messages).where(*theirs, _messages.c.state == "queued").values(state="withheld")
        )
        async with self.database.begin() as connection:
            await connection.execute(waiting)
            await connection.execute(delete(table).where(*owner))
            return (await connection.execute(emptied)).rowcount


def _dated(values: Mapping[str, Any]) -> dict[str, Any]:
    moment = {"consent_at": dt.datetime.now(dt.UTC)} if "consent" in values else {}
    return {**values, **moment}
