"""Update a loan."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from chassis.versions import decides_again
from finance_lending_api.application.loans.eligibility import Eligibility
from finance_lending_api.application.loans.ports import Loans
from finance_lending_api.application.users.ports import Users
from finance_lending_api.domain.loan import Loan


@dataclass(frozen=True, slots=True)
class UpdateLoan:
    """Change some fields of a loan, if its rules hold afterwards.

    A loan that becomes active, or gets another borrower, is one more loan for its borrower.
    """

    loans: Loans
    users: Users

    @decides_again
    async def __call__(
        self, loan_id: UUID, changes: Mapping[str, Any], *, version: int | None = None
    ) -> Loan:
        """Raise NotFound for an unknown id, Outdated for another version than the one given.

        Raise RuleViolated or NotEligible as for a new loan.
        """
        current = await self.loans.current(loan_id, version)
        changed = replace(current, **changes)
        changed.check()
        activated = changed.status == "active" and current.status != "active"
        if activated or changed.borrower_id != current.borrower_id:
            await Eligibility(self.users, self.loans)(changed.borrower_id)
        return await self.loans.change(loan_id, changes, current.version)
