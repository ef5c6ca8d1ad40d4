"""HTTP API of loans, down to the port."""

from typing import Any
from uuid import uuid4

import pytest
from httpx2 import AsyncClient

URL = "/api/v1/loans"
BODY: dict[str, Any] = {
    "amount": "100.00",
    "duration_months": 1,
    "interest_rate": "1.0000",
    "status": "pending",
}


async def created(client: AsyncClient, borrower_id: str, **changes: Any) -> dict[str, Any]:
    """Create a loan and return it as the API answered."""
    body = BODY | {"borrower_id": borrower_id} | changes
    answer = await client.post(URL, json=body)
    assert answer.status_code == 201, answer.text
    record: dict[str, Any] = answer.json()
    assert body.items() <= record.items()
    return record


async def test_a_loan_is_created_and_found(client: AsyncClient, borrower_id: str) -> None:
    record = await created(client, borrower_id)

    found = await client.get(f"{URL}/{record['id']}")

    assert found.json() == record


async def test_loans_are_listed(client: AsyncClient, borrower_id: str) -> None:
    record = await created(client, borrower_id)

    page = await client.get(URL, params={"limit": 1})

    assert page.json() == {"items": [record], "next_cursor": None}


async def test_only_what_is_sent_changes(client: AsyncClient, borrower_id: str) -> None:
    record = await created(client, borrower_id)
    change = {"amount": "100.00"}

    changed = await client.patch(f"{URL}/{record['id']}", json=change)

    assert changed.status_code == 200
    moved = {"updated_at": changed.json()["updated_at"], "version": record["version"] + 1}
    assert changed.json() == record | change | moved


async def test_a_write_counts_on_the_loan_that_was_read(
    client: AsyncClient, borrower_id: str
) -> None:
    url = f"{URL}/{(await created(client, borrower_id))['id']}"
    read = {"If-Match": (await client.get(url)).headers["ETag"]}

    first = await client.patch(url, json={"duration_months": 2}, headers=read)
    late = await client.patch(url, json={"duration_months": 3}, headers=read)
    removed = await client.delete(url, headers=read)

    assert [answer.status_code for answer in (first, late, removed)] == [200, 412, 412]
    assert (await client.get(url)).json()["duration_months"] == 2


async def test_a_deleted_loan_is_gone(client: AsyncClient, borrower_id: str) -> None:
    record = await created(client, borrower_id)

    deleted = await client.delete(f"{URL}/{record['id']}")

    assert deleted.status_code == 204
    assert (await client.get(f"{URL}/{record['id']}")).status_code == 404


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_an_unknown_id_is_not_found(client: AsyncClient, method: str) -> None:
    answer = await client.request(
        method,
        f"{URL}/{uuid4()}",
        json={} if method == "PATCH" else None,
    )

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("no_such_field", "anything"),
        ("borrower_id", None),
        ("amount", None),
        ("duration_months", None),
        ("borrower_id", "?"),
        ("amount", "?"),
        ("duration_months", 61),
        ("interest_rate", "?"),
        ("status", "?"),
    ],
)
async def test_an_invalid_field_is_named(
    client: AsyncClient, borrower_id: str, field: str, value: Any
) -> None:
    answer = await client.post(URL, json=BODY | {"borrower_id": borrower_id} | {field: value})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith(field)


async def test_an_unknown_filter_is_refused(client: AsyncClient) -> None:
    answer = await client.get(URL, params={"no_such_filter": "anything"})

    assert answer.status_code == 422
