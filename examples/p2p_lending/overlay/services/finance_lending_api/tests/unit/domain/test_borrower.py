"""Who may borrow."""

from typing import Any

import pytest

from finance_lending_api.domain.borrower import Borrower
from finance_lending_api.domain.errors import NotEligible

pytestmark = pytest.mark.requirement("FR-002")


@pytest.mark.parametrize("active_loans", [0, 2])
def test_an_identified_borrower_may_have_up_to_three_active_loans(active_loans: int) -> None:
    Borrower(kyc_status="approved", active_loans=active_loans).check()


def test_a_fourth_active_loan_is_too_many() -> None:
    with pytest.raises(NotEligible, match="at most 3 active loans"):
        Borrower(kyc_status="approved", active_loans=3).check()


@pytest.mark.parametrize("kyc_status", ["pending", "rejected"])
def test_nobody_borrows_unidentified(kyc_status: Any) -> None:
    with pytest.raises(NotEligible, match=f"KYC must be approved first; it is {kyc_status}"):
        Borrower(kyc_status=kyc_status, active_loans=0).check()
