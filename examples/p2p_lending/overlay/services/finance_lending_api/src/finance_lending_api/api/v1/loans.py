"""HTTP API of loans: parse, call, return."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from chassis.problems import responses
from chassis.schemas import Page
from chassis.versions import IfMatch, tagged
from finance_lending_api.api.dependencies import LoansDep, UsersDep
from finance_lending_api.application.loans.create_loan import CreateLoan
from finance_lending_api.application.loans.delete_loan import DeleteLoan
from finance_lending_api.application.loans.get_loan import GetLoan
from finance_lending_api.application.loans.list_loans import ListLoans
from finance_lending_api.application.loans.update_loan import UpdateLoan
from finance_lending_api.domain.loan import NewLoan
from shared.loan import LoanChanges, LoanCreate, LoanQuery, LoanRead

router = APIRouter(prefix="/api/v1/loans", tags=["loans"])


@router.post("", status_code=201, responses=responses(409, 422))
async def create_loan(
    body: LoanCreate, response: Response, loans: LoansDep, users: UsersDep
) -> LoanRead:
    """Create a loan."""
    created = await CreateLoan(loans, users)(NewLoan(**body.model_dump()))
    response.headers["Location"] = f"{router.prefix}/{created.id}"
    return tagged(response, LoanRead.model_validate(created))


@router.get("", responses=responses(422))
async def list_loans(query: Annotated[LoanQuery, Query()], loans: LoansDep) -> Page[LoanRead]:
    """List loans: filter, sort, and follow `next_cursor` to the next page."""
    page = await ListLoans(loans)(query)
    return Page[LoanRead].model_validate(page)


@router.get("/{loan_id}", responses=responses(404, 422))
async def get_loan(loan_id: UUID, loans: LoansDep, response: Response) -> LoanRead:
    """Get one loan."""
    found = await GetLoan(loans)(loan_id)
    return tagged(response, LoanRead.model_validate(found))


@router.patch("/{loan_id}", responses=responses(404, 409, 412, 422, 428))
async def update_loan(
    loan_id: UUID,
    body: LoanChanges,
    loans: LoansDep,
    users: UsersDep,
    version: IfMatch,
    response: Response,
) -> LoanRead:
    """Change the fields that are sent; the others stay as they are."""
    sent = body.model_dump(exclude_unset=True)
    changed = await UpdateLoan(loans, users)(loan_id, sent, version=version)
    return tagged(response, LoanRead.model_validate(changed))


@router.delete("/{loan_id}", status_code=204, responses=responses(404, 409, 412, 422, 428))
async def delete_loan(loan_id: UUID, loans: LoansDep, version: IfMatch) -> None:
    """Delete one loan."""
    await DeleteLoan(loans)(loan_id, version)
