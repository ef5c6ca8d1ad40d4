"""Create a loan."""

from dataclasses import dataclass

from finance_lending_api.application.loans.eligibility import Eligibility
from finance_lending_api.application.loans.ports import Loans
from finance_lending_api.application.users.ports import Users
from finance_lending_api.domain.loan import Loan, NewLoan


@dataclass(frozen=True, slots=True)
class CreateLoan:
    """Keep a new loan, once its rules hold and its borrower is eligible."""

    loans: Loans
    users: Users

    async def __call__(self, new: NewLoan) -> Loan:
        """Raise RuleViolated if a rule does not hold, NotEligible if the borrower may not borrow."""
        new.check()
        await Eligibility(self.users, self.loans)(new.borrower_id)
        return await self.loans.add(new)
