import re
from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import RowMapping, Table, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database.engine import Database
from chassis.webhooks import inbox
from chassis_payments.data.provider_events.model import ProviderEvent
from chassis_payments.data.provider_payments.model import ProviderPayment
from chassis_payments.payments import DueEvent

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Inbox(inbox.Inbox[DueEvent]):
    """Events of providers, in PostgreSQL, with the payments that they may be about."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, ProviderEvent, DueEvent)
        self._payments = cast("Table", ProviderPayment.__table__)

    async def facts(
        self, connection: AsyncConnection, rows: Sequence[RowMapping]
    ) -> Sequence[dict[str, Any]]:
        """Give what is read of rows, and the payments."""
        return [
            dict(row)
            | {"payments": await self._about(connection, row["provider"], row["subjects"])}
            for row in rows
        ]

    async def _about(
        self, connection: AsyncConnection, provider: str, subjects: Sequence[str]
    ) -> list[UUID]:
        payments = self._payments
        named = or_(
            payments.c.reference.in_(subjects),
            payments.c.charge.in_(subjects),
            payments.c.id.in_([UUID(one) for one in subjects if _UUID.fullmatch(one)]),
        )
        statement = select(payments.c.id).where(payments.c.provider == provider, named)
        return list((await connection.execute(statement)).scalars())
