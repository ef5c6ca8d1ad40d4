"""Access to loans."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Change, Repository
from chassis.problems import Conflict, FieldError
from finance_data_postgres_api.models.loan import Loan
from finance_data_postgres_api.models.user import User
from shared.loan import LoanRead

MAX_ACTIVE_LOANS = 3
TOO_MANY = f"A borrower has at most {MAX_ACTIVE_LOANS} active loans."


class LoanRepository(Repository[LoanRead]):
    """Loans in PostgreSQL; never more active ones of a borrower than are allowed."""

    model = Loan
    read = LoanRead

    async def recorded(self, connection: AsyncConnection, change: Change) -> None:
        """Refuse a write with Conflict, before it is committed, that makes too many loans active."""
        if change.kind != "remove" and {"status", "borrower_id"} & change.values.keys():
            await self._check_limit(connection, change.id)
        await super().recorded(connection, change)

    async def _check_limit(self, connection: AsyncConnection, loan_id: UUID) -> None:
        borrower = select(Loan.borrower_id).where(Loan.id == loan_id, Loan.status == "active")
        borrower_id = await connection.scalar(borrower)
        if borrower_id is None:
            return
        # One writer at a time for each borrower: whoever waited here counts what the others
        # committed. Not FOR UPDATE, which would wait for the reference of a loan just inserted.
        await connection.execute(
            select(User.id).where(User.id == borrower_id).with_for_update(key_share=True)
        )
        count = select(func.count()).where(Loan.borrower_id == borrower_id, Loan.status == "active")
        if (await connection.scalar(count) or 0) > MAX_ACTIVE_LOANS:
            raise Conflict(TOO_MANY, errors=[FieldError("borrower_id", TOO_MANY)])
