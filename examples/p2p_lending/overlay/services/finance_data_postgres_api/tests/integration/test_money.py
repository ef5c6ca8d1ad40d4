"""The payment schedule of a loan (FR-004), and the money in escrow (FR-005)."""

from typing import Any
from uuid import uuid4

import pytest
from httpx2 import AsyncClient
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from chassis.database import Database
from finance_data_postgres_api.settings import Settings

PAYMENTS = "/api/v1/payments"
ESCROW = "/api/v1/escrow-accounts"


@pytest.mark.requirement("FR-004")
async def test_a_loan_has_a_schedule(client: AsyncClient, loan: dict[str, Any]) -> None:
    for due in ("2027-02-28", "2027-01-31"):
        payment = {"loan_id": loan["id"], "amount": "85.61", "due_date": due}
        assert (await client.post(PAYMENTS, json=payment)).status_code == 201

    query = {"loan_id": loan["id"], "sort": "due_date"}
    schedule = (await client.get(PAYMENTS, params=query)).json()["items"]

    assert [payment["due_date"] for payment in schedule] == ["2027-01-31", "2027-02-28"]
    assert {payment["status"] for payment in schedule} == {"scheduled"}


@pytest.mark.requirement("FR-004")
@pytest.mark.parametrize("field", ["loan_id", "due_date"])
async def test_a_payment_belongs_to_a_loan_and_is_due(
    client: AsyncClient, loan: dict[str, Any], field: str
) -> None:
    payment = {"loan_id": loan["id"], "amount": "85.61", "due_date": "2027-01-31"}

    answer = await client.post(PAYMENTS, json=payment | {field: None})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


@pytest.mark.requirement("FR-004")
async def test_there_is_no_payment_without_its_loan(
    client: AsyncClient, loan: dict[str, Any]
) -> None:
    payment = {"loan_id": loan["id"], "amount": "85.61", "due_date": "2027-01-31"}
    stray = await client.post(PAYMENTS, json=payment | {"loan_id": str(uuid4())})
    await client.post(PAYMENTS, json=payment)
    removed = await client.delete(f"/api/v1/loans/{loan['id']}")

    assert stray.status_code == 422
    assert stray.json()["errors"][0]["field"] == "loan_id"
    assert removed.status_code == 409


@pytest.mark.requirement("FR-005")
async def test_a_loan_has_at_most_one_escrow_account(
    client: AsyncClient, loan: dict[str, Any]
) -> None:
    account = {"loan_id": loan["id"]}
    first = await client.post(ESCROW, json=account)
    second = await client.post(ESCROW, json=account)

    assert (first.status_code, first.json()["balance"]) == (201, "0.00")
    assert second.status_code == 409
    assert second.json()["errors"][0]["field"] == "loan_id"


@pytest.mark.requirement("FR-005")
async def test_a_balance_is_never_negative(
    client: AsyncClient, settings: Settings, loan: dict[str, Any]
) -> None:
    account = {"loan_id": loan["id"], "balance": "10.00"}
    refused = await client.post(ESCROW, json=account | {"balance": "-0.01"})
    kept = (await client.post(ESCROW, json=account)).json()
    changed = await client.patch(f"{ESCROW}/{kept['id']}", json={"balance": "-0.01"})

    assert (refused.status_code, changed.status_code) == (422, 422)
    assert (await client.get(f"{ESCROW}/{kept['id']}")).json()["balance"] == "10.00"
    database = Database(settings)
    with pytest.raises(IntegrityError, match="ck_escrow_accounts_never_overdrawn"):
        async with database.begin() as connection:
            await connection.execute(text("UPDATE escrow_accounts SET balance = balance - 10.01"))
    await database.close()
