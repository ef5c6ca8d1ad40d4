"""Users are registered with an identity that is still to be checked."""

from typing import Any

import pytest
from httpx2 import AsyncClient

URL = "/api/v1/users"
ADA = {"email": "ada@example.com", "full_name": "Ada"}


@pytest.mark.requirement("FR-001")
async def test_the_kyc_status_starts_as_pending(user: dict[str, Any]) -> None:
    assert user["email"] == "ada@example.com"
    assert user["kyc_status"] == "pending"


@pytest.mark.requirement("FR-001")
@pytest.mark.parametrize("kyc_status", ["approved", "rejected"])
async def test_nobody_starts_as_anything_else(client: AsyncClient, kyc_status: str) -> None:
    answer = await client.post(URL, json=ADA | {"kyc_status": kyc_status})

    assert answer.status_code == 422
    assert answer.json()["detail"] == "kyc_status must start as pending"
    assert (await client.get(URL)).json()["items"] == []


@pytest.mark.requirement("FR-001")
@pytest.mark.parametrize("email", [None, "", "ada", ["ada@example.com", "ada@example.org"]])
async def test_a_user_has_one_address(client: AsyncClient, email: Any) -> None:
    answer = await client.post(URL, json=ADA | {"email": email})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "email"


@pytest.mark.requirement("FR-006")
@pytest.mark.parametrize(
    ("score", "status"),
    [(299, 422), (300, 200), (850, 200), (851, 422), (500.5, 422)],
)
async def test_a_score_is_a_whole_number_in_its_range(
    client: AsyncClient, user: dict[str, Any], score: float, status: int
) -> None:
    answer = await client.patch(f"{URL}/{user['id']}", json={"credit_score": score})

    assert answer.status_code == status
