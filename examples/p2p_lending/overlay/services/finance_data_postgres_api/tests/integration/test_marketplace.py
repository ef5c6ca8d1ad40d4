"""Browsing the marketplace (FR-003)."""

from typing import Any

import pytest
from httpx2 import AsyncClient

pytestmark = pytest.mark.requirement("FR-003")

URL = "/api/v1/loans"
LOANS: dict[str, dict[str, Any]] = {
    "small": {"amount": "500.00", "duration_months": 6, "interest_rate": "0.0300"},
    "medium": {"amount": "5000.00", "duration_months": 24, "interest_rate": "0.0500"},
    "large": {"amount": "50000.00", "duration_months": 60, "interest_rate": "0.0900"},
}


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({}, {"small", "medium", "large"}),
        ({"amount_min": "500.01"}, {"medium", "large"}),
        ({"amount_max": "5000.00"}, {"small", "medium"}),
        ({"duration_months_min": 7, "duration_months_max": 59}, {"medium"}),
        ({"duration_months": 60}, {"large"}),
        ({"interest_rate_min": "0.05"}, {"medium", "large"}),
        ({"interest_rate_max": "0.0499"}, {"small"}),
        ({"amount_min": "1000", "duration_months_max": 36, "interest_rate_max": "0.1"}, {"medium"}),
        ({"amount_min": "1000", "interest_rate_max": "0.04"}, set()),
    ],
)
async def test_loans_are_found_by_amount_term_and_rate(
    client: AsyncClient, borrower_id: str, query: dict[str, Any], shown: set[str]
) -> None:
    names = {}
    for name, loan in LOANS.items():
        answer = await client.post(URL, json=loan | {"borrower_id": borrower_id})
        names[answer.json()["id"]] = name

    page = await client.get(URL, params=query | {"borrower_id": borrower_id})

    assert {names[loan["id"]] for loan in page.json()["items"]} == shown
