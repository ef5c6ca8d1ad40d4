"""Requesting a loan: the limits of the loan, and who may have one more (FR-002)."""

from typing import Any
from uuid import uuid4

import pytest
from httpx2 import AsyncClient, Response

pytestmark = pytest.mark.requirement("FR-002")

URL = "/api/v1/loans"
LOAN = {"amount": "1000.00", "duration_months": 12}


async def request(client: AsyncClient, borrower_id: str, **changes: Any) -> Response:
    """Ask for a loan."""
    return await client.post(URL, json={"borrower_id": borrower_id} | LOAN | changes)


async def requested(client: AsyncClient, borrower_id: str) -> str:
    """Ask for a loan, get it as pending, and return its id."""
    answer = await request(client, borrower_id)
    assert answer.status_code == 201, answer.text
    assert answer.json()["status"] == "pending"
    return str(answer.json()["id"])


async def become(client: AsyncClient, loan_id: str, status: str) -> Response:
    """Change a loan's status."""
    return await client.patch(f"{URL}/{loan_id}", json={"status": status})


async def active_loans(client: AsyncClient, borrower_id: str, count: int) -> list[str]:
    """Request loans and pay them out."""
    loans = [await requested(client, borrower_id) for _ in range(count)]
    for loan_id in loans:
        assert (await become(client, loan_id, "active")).status_code == 200
    return loans


def is_conflict(answer: Response, rule: str) -> None:
    """Check that an answer names the rule, and the borrower as the one it is about."""
    assert answer.status_code == 409, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert rule in answer.json()["detail"]
    assert [error["field"] for error in answer.json()["errors"]] == ["borrower_id"]


@pytest.mark.parametrize("amount", ["100.00", "50000.00"])
@pytest.mark.parametrize("duration_months", [1, 60])
async def test_the_limits_are_allowed(
    client: AsyncClient, borrower_id: str, amount: str, duration_months: int
) -> None:
    answer = await request(client, borrower_id, amount=amount, duration_months=duration_months)

    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", "99.99"),
        ("amount", "50000.01"),
        ("duration_months", 0),
        ("duration_months", 61),
    ],
)
async def test_nothing_beyond_the_limits_is(
    client: AsyncClient, borrower_id: str, field: str, value: Any
) -> None:
    refused = await request(client, borrower_id, **{field: value})
    loan_id = await requested(client, borrower_id)
    unchanged = await client.patch(f"{URL}/{loan_id}", json={field: value})

    for answer in (refused, unchanged):
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == field


async def test_kyc_comes_first(client: AsyncClient, user: dict[str, Any]) -> None:
    is_conflict(await request(client, user["id"]), "KYC must be approved first; it is pending")


async def test_without_kyc_nothing_is_paid_out(client: AsyncClient, borrower_id: str) -> None:
    loan_id = await requested(client, borrower_id)
    await client.patch(f"/api/v1/users/{borrower_id}", json={"kyc_status": "rejected"})

    is_conflict(await become(client, loan_id, "active"), "it is rejected")


async def test_a_borrower_exists(client: AsyncClient) -> None:
    answer = await request(client, str(uuid4()))

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "borrower_id"


async def test_a_fourth_active_loan_is_refused(client: AsyncClient, borrower_id: str) -> None:
    fourth = await requested(client, borrower_id)
    await active_loans(client, borrower_id, 3)

    is_conflict(await request(client, borrower_id), "at most 3 active loans")
    is_conflict(await become(client, fourth, "active"), "at most 3 active loans")


@pytest.mark.parametrize("ended", ["completed", "defaulted"])
async def test_a_loan_that_has_ended_makes_room_for_one(
    client: AsyncClient, borrower_id: str, ended: str
) -> None:
    loans = await active_loans(client, borrower_id, 3)
    assert (await become(client, loans[0], ended)).status_code == 200

    assert len(await active_loans(client, borrower_id, 1)) == 1

    is_conflict(await become(client, loans[0], "active"), "at most 3 active loans")


async def test_an_active_loan_can_be_changed_at_the_limit(
    client: AsyncClient, borrower_id: str
) -> None:
    loans = await active_loans(client, borrower_id, 3)

    answer = await client.patch(f"{URL}/{loans[0]}", json={"interest_rate": "0.0400"})

    assert answer.status_code == 200
    assert (await become(client, loans[0], "active")).status_code == 200


async def test_a_loan_cannot_be_moved_to_a_borrower_who_may_not_have_it(
    client: AsyncClient, borrower_id: str
) -> None:
    (loan_id,) = await active_loans(client, borrower_id, 1)
    grace = {"email": "grace@example.com", "full_name": "Grace"}
    other = (await client.post("/api/v1/users", json=grace)).json()["id"]

    answer = await client.patch(f"{URL}/{loan_id}", json={"borrower_id": other})

    is_conflict(answer, "KYC must be approved first")
