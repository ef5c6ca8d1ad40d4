import datetime as dt
from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Table, delete, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql import literal

from chassis.database.engine import Change, Database
from chassis.database.repository import Repository
from chassis_communications.addresses import Channel, hashed, normal
from chassis_communications.data.messages.model import Message
from chassis_communications.data.preferences.model import Preference
from chassis_communications.preferences import Address, Consent, NewPreference, PreferenceRead

ERASED = "erased"
_messages = cast("Table", Message.__table__)


class Preferences(Repository[PreferenceRead]):
    """What people want, in PostgreSQL; every change of it is recorded as that of any record."""

    model = Preference
    read = PreferenceRead

    def __init__(self, database: Database, key: str) -> None:
        super().__init__(database)
        self._key = key
        self._table: Table = self._records.table

    async def put(self, new: NewPreference) -> PreferenceRead:
        """Keep what somebody wants; what is not said stays as it is."""
        wanted = new.model_dump(exclude_none=True, exclude={"channel", "recipient"})
        return await self.put_known(new.channel, self._hashed(new), wanted)

    async def put_known(
        self, channel: Channel, address_hash: str, said: Mapping[str, Any]
    ) -> PreferenceRead:
        """Do the same for an address that is known by its digest."""
        wanted = _dated(said)
        values = {"channel": channel, "address_hash": address_hash, **wanted}
        table = self._table
        first = postgresql.insert(table).values(**values).on_conflict_do_nothing()
        found = select(table.c.id).where(
            table.c.channel == channel, table.c.address_hash == address_hash
        )
        async with self.database.begin() as connection:
            row = (await connection.execute(first.returning(*table.c))).first()
            if row is not None:
                added = dict(zip(table.columns.keys(), row, strict=True))
                await self.recorded(
                    connection, Change("add", table.name, added["id"], values, added)
                )
                return self.read.model_validate(added)
            preference_id = (await connection.execute(found)).scalar_one()
        return await self.change(preference_id, wanted)

    async def say(self, preference_id: UUID, consent: Consent) -> PreferenceRead:
        """Keep what somebody says to marketing; raises NotFound."""
        return await self.change(preference_id, _dated({"consent": consent}))

    async def erase(self, whose: Address) -> int:
        """Erase an address and what was sent to it; say how many messages that were."""
        table = self._table
        forgotten = delete(table).where(*self._of(whose)).returning(table.c.id)
        theirs = (
            _messages.c.address_hash == self._hashed(whose),
            _messages.c.recipient != ERASED,
        )
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
            for preference_id in (await connection.execute(forgotten)).scalars().all():
                gone = Change("remove", table.name, preference_id, {}, {})
                await self.recorded(connection, gone)
            return (await connection.execute(emptied)).rowcount

    def _of(self, whose: Address) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        """Give the conditions that a preference is of somebody's address."""
        table = self._table
        return table.c.channel == whose.channel, table.c.address_hash == self._hashed(whose)

    def _hashed(self, whose: Address) -> str:
        return hashed(self._key, whose.channel, normal(whose.channel, whose.recipient))


def _dated(values: Mapping[str, Any]) -> dict[str, Any]:
    moment = {"consent_at": dt.datetime.now(dt.UTC)} if "consent" in values else {}
    return {**values, **moment}
