"""Who may borrow."""

from dataclasses import dataclass

from finance_lending_api.domain.errors import NotEligible
from finance_lending_api.domain.user import UserKycStatus

MAX_ACTIVE_LOANS = 3
"""A loan counts while its status is `active`; a pending request binds no money yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Borrower:
    """A user in the role of somebody who wants one more loan."""

    kyc_status: UserKycStatus | str
    active_loans: int

    def check(self) -> None:
        """Raise NotEligible unless one more loan is allowed."""
        if self.kyc_status != "approved":
            raise NotEligible(
                f"The borrower's KYC must be approved first; it is {self.kyc_status}."
            )
        if self.active_loans >= MAX_ACTIVE_LOANS:
            raise NotEligible(f"A borrower has at most {MAX_ACTIVE_LOANS} active loans.")
