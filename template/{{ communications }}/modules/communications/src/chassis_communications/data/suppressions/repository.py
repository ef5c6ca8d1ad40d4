from sqlalchemy.dialects import postgresql

from chassis.database.engine import Database
from chassis.database.repository import Repository
from chassis_communications.addresses import Channel, hashed, normal
from chassis_communications.data.suppressions.model import Suppression
from chassis_communications.suppressions import Cause, NewSuppression, SuppressionRead


class Suppressions(Repository[SuppressionRead]):
    """Addresses that nothing is sent to, in PostgreSQL."""

    model = Suppression
    read = SuppressionRead

    def __init__(self, database: Database, key: str) -> None:
        super().__init__(database)
        self._key = key
        self._table = self._records.table

    async def put(self, new: NewSuppression) -> SuppressionRead:
        """Keep that nothing is sent to an address; twice is once, and the latest cause counts."""
        address_hash = hashed(self._key, new.channel, normal(new.channel, new.recipient))
        return await self.put_known(new.channel, address_hash, new.cause)

    async def put_known(self, channel: Channel, address_hash: str, cause: Cause) -> SuppressionRead:
        """Do the same for an address that is known by its digest."""
        values = {"channel": channel, "address_hash": address_hash, "cause": cause}
        statement = (
            postgresql.insert(self._table)
            .on_conflict_do_update(
                index_elements=["channel", "address_hash"], set_={"cause": cause}
            )
            .returning(*self._table.c)
        )
        async with self.database.begin() as connection:
            row = (await connection.execute(statement, values)).one()
        return self.read.model_validate(dict(zip(self._table.columns.keys(), row, strict=True)))
