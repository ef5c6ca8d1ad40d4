"""The business API over records in memory, in place of the data service."""

from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.schemas import ListQuery, Page
from chassis.testing.memory import MemoryRecords
from finance_lending_api.api import dependencies
from finance_lending_api.domain.escrow_account import EscrowAccount
from finance_lending_api.domain.loan import Loan
from finance_lending_api.domain.payment import Payment
from finance_lending_api.domain.user import User
from finance_lending_api.main import create_app
from finance_lending_api.settings import Settings
from shared.loan import LoanQuery


class MemoryLoans(MemoryRecords[Loan]):
    """Loans in memory that can be asked for by borrower and status, as eligibility does."""

    async def list(self, query: ListQuery) -> Page[Loan]:
        """Return those that match, as many as the query's limit."""
        assert isinstance(query, LoanQuery)
        everything = await super().list(LoanQuery(limit=100))
        found = [
            loan
            for loan in everything.items
            if query.borrower_id in {None, loan.borrower_id} and query.status in {None, loan.status}
        ]
        return Page(items=found[: query.limit])


@pytest.fixture(scope="session")
def assembled() -> FastAPI:
    """Build the application once for all tests: its routes take far longer than a test."""
    return create_app(Settings())


@pytest.fixture
def app(assembled: FastAPI) -> FastAPI:
    """Give each test the application that `client` talks to, with records of its own."""
    assembled.dependency_overrides = {
        dependencies.users: MemoryRecords(User).given,
        dependencies.loans: MemoryLoans(Loan).given,
        dependencies.payments: MemoryRecords(Payment).given,
        dependencies.escrow_accounts: MemoryRecords(EscrowAccount).given,
    }
    return assembled


@pytest.fixture
async def user(client: AsyncClient) -> dict[str, Any]:
    """A user as registered, whose identity nobody has checked."""
    body = {"email": "ada@example.com", "full_name": "Ada"}
    registered: dict[str, Any] = (await client.post("/api/v1/users", json=body)).json()
    return registered


@pytest.fixture
async def borrower_id(client: AsyncClient, user: dict[str, Any]) -> str:
    """The id of a user whose KYC is approved."""
    approved = {"kyc_status": "approved"}
    answer = await client.patch(f"/api/v1/users/{user['id']}", json=approved)
    assert answer.status_code == 200
    return str(user["id"])
