"""Whether a user may have one more loan."""

from dataclasses import dataclass
from uuid import UUID

from chassis.problems import NotFound
from finance_lending_api.application.loans.ports import Loans
from finance_lending_api.application.users.ports import Users
from finance_lending_api.domain.borrower import MAX_ACTIVE_LOANS, Borrower
from finance_lending_api.domain.errors import RuleViolated
from shared.loan import LoanQuery


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Look at a borrower before a loan is requested or paid out.

    Two requests at once may both pass: what they see is true only for this moment. The data
    service, which has the transactions, lets one of them through.
    """

    users: Users
    loans: Loans

    async def __call__(self, borrower_id: UUID) -> None:
        """Raise RuleViolated for an unknown borrower, NotEligible for one who may not borrow."""
        try:
            user = await self.users.current(borrower_id)
        except NotFound as error:
            raise RuleViolated("borrower_id", "refers to a user who does not exist") from error
        query = LoanQuery(borrower_id=borrower_id, status="active", limit=MAX_ACTIVE_LOANS)
        active = await self.loans.list(query)
        Borrower(kyc_status=user.kyc_status, active_loans=len(active.items)).check()
