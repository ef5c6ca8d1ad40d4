"""The audit log says who has opened a payment, and who has given money back."""

import pytest
from sqlalchemy import Table
from sqlalchemy.ext.asyncio import create_async_engine

from chassis.audit.log.model import AuditEntry
from chassis.audit.log.recorder import AuditRecorder
from chassis.identity import Principal, acting_as
from chassis_payments.testing.books import Books


@pytest.fixture(autouse=True)
async def audited(books: Books) -> None:
    table = AuditEntry.__table__
    assert isinstance(table, Table)
    engine = create_async_engine(books.database_url)
    async with engine.begin() as connection:
        await connection.run_sync(table.drop, checkfirst=True)
        await connection.run_sync(table.create)
    await engine.dispose()
    books.data.state.database.recorders.append(AuditRecorder())


async def test_who_opened_and_who_gave_back_is_entered(books: Books) -> None:
    with acting_as(Principal("her")):
        payment = await books.paid()
    with acting_as(Principal("him")):
        refund = (await books.refund(payment.id, amount=50)).json()

    entered = await books.sql(
        f"SELECT actor, action, subject, subject_id::text FROM {AuditEntry.__tablename__}"  # noqa: S608
    )

    assert ("her", "create", "provider_payments", str(payment.id)) in entered
    assert ("him", "create", "provider_refunds", refund["id"]) in entered
    assert ("him", "update", "provider_payments", str(payment.id)) in entered
    assert "https://" not in str(entered)


async def test_what_is_refused_is_not_entered(books: Books) -> None:
    payment = await books.paid()
    before = await books.sql(f"SELECT count(*) FROM {AuditEntry.__tablename__}")  # noqa: S608

    assert (await books.refund(payment.id, amount=2000)).status_code == 409

    assert await books.sql(f"SELECT count(*) FROM {AuditEntry.__tablename__}") == before  # noqa: S608
