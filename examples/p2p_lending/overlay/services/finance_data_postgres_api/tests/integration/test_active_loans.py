"""Never more than three active loans of a borrower, however many are written at once (FR-002)."""

import asyncio
from typing import Any

import pytest
from httpx2 import AsyncClient

pytestmark = pytest.mark.requirement("FR-002")

URL = "/api/v1/loans"
TOO_MANY = "A borrower has at most 3 active loans."


def body(borrower_id: str, status: str) -> dict[str, Any]:
    """A loan to be written."""
    return {
        "borrower_id": borrower_id,
        "amount": "100.00",
        "duration_months": 1,
        "status": status,
    }


async def written(client: AsyncClient, borrower_id: str, status: str) -> str:
    """Write a loan and return its id."""
    answer = await client.post(URL, json=body(borrower_id, status))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def active(client: AsyncClient, borrower_id: str) -> int:
    """Count what is kept."""
    query = {"borrower_id": borrower_id, "status": "active"}
    return len((await client.get(URL, params=query)).json()["items"])


async def test_of_many_insertions_at_once_three_are_kept(
    client: AsyncClient, borrower_id: str
) -> None:
    loan = body(borrower_id, "active")

    answers = await asyncio.gather(*(client.post(URL, json=loan) for _ in range(10)))

    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 7
    assert {a.json()["detail"] for a in answers if a.status_code == 409} == {TOO_MANY}
    assert await active(client, borrower_id) == 3


async def test_of_many_activations_at_once_three_are_kept(
    client: AsyncClient, borrower_id: str
) -> None:
    loans = [await written(client, borrower_id, "pending") for _ in range(10)]

    answers = await asyncio.gather(
        *(client.patch(f"{URL}/{loan}", json={"status": "active"}) for loan in loans)
    )

    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [409] * 7
    assert await active(client, borrower_id) == 3


async def test_one_borrower_is_not_in_the_way_of_another(
    client: AsyncClient, borrower_id: str
) -> None:
    for _ in range(3):
        await written(client, borrower_id, "active")
    grace = {"email": "grace@example.com", "full_name": "Grace"}
    other = (await client.post("/api/v1/users", json=grace)).json()["id"]
    loan = await written(client, other, "active")

    moved = await client.patch(f"{URL}/{loan}", json={"borrower_id": borrower_id})

    assert moved.status_code == 409
    assert (await client.get(f"{URL}/{loan}")).json()["borrower_id"] == other
    assert await active(client, borrower_id) == 3


async def test_loans_that_are_not_active_are_not_counted(
    client: AsyncClient, borrower_id: str
) -> None:
    loans = [await written(client, borrower_id, "active") for _ in range(3)]
    await written(client, borrower_id, "pending")
    await client.patch(f"{URL}/{loans[0]}", json={"status": "completed"})

    await written(client, borrower_id, "active")

    assert await active(client, borrower_id) == 3
