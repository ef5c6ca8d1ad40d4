from dataclasses import dataclass
from typing import cast
from uuid import UUID

from sqlalchemy import Table, bindparam, func, select, type_coerce, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database.engine import Database
from chassis_payments.data.payment_sealing.sealing import SEALED, UNREADABLE, MetadataSealer
from chassis_payments.data.provider_payments.model import ProviderPayment

AT_ONCE = 200

_table = cast("Table", ProviderPayment.__table__)
# As it is in the database, whatever the column makes of it.
_kept = type_coerce(_table.c.metadata, JSONB)


@dataclass
class Resealed:
    """What came of it."""

    sealed: int = 0
    unreadable: int = 0


async def reseal(database: Database, sealer: MetadataSealer) -> Resealed:
    """Seal anew whatever another key, or none, has; each part in a transaction of its own."""
    done, after = Resealed(), UUID(int=0)
    while True:
        async with database.begin() as connection:
            rows = await _others(connection, sealer, after)
            for record_id, kept in rows:
                opened = sealer.open(kept)
                if UNREADABLE in opened:
                    done.unreadable += 1
                    continue
                await _keep(connection, record_id, dict(sealer.seal(opened)))
                done.sealed += 1
        if len(rows) < AT_ONCE:
            return done
        after = rows[-1][0]


async def _others(
    connection: AsyncConnection, sealer: MetadataSealer, after: UUID
) -> list[tuple[UUID, dict[str, object]]]:
    """Give the next ones that the key of now has not sealed, and let nobody change them meanwhile."""
    own = func.coalesce(_kept[SEALED].astext, "").startswith(f"{sealer.current}:")
    statement = (
        select(_table.c.id, _kept)
        .where(_table.c.id > after, _kept != type_coerce({}, JSONB), ~own)
        .order_by(_table.c.id)
        .limit(AT_ONCE)
        .with_for_update()
    )
    return [(row[0], row[1]) for row in await connection.execute(statement)]


async def _keep(connection: AsyncConnection, record_id: UUID, sealed: dict[str, object]) -> None:
    """Write it, so that nobody takes it for a change of the payment."""
    same = {name: _table.c[name] for name in ("version", "updated_at")}
    value = bindparam("sealed", sealed, JSONB)
    this = update(_table).where(_table.c.id == record_id)
    await connection.execute(this.values({_table.c.metadata: value, **same}))
