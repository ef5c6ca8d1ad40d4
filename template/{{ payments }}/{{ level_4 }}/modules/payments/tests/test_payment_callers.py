"""A key is that of a caller: nobody gets the payment of somebody else by it."""

from dataclasses import dataclass
from typing import Any

from httpx2 import ASGITransport, AsyncClient

from chassis.identity import Principal
from chassis_payments.testing.books import NEW, PAYMENTS, Books


@dataclass
class As:
    """The application, as somebody uses it whose token is right."""

    app: Any
    identity: str

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app({**scope, "user": Principal(self.identity)}, receive, send)


async def ask(books: Books, who: str, path: str = "", **body: Any) -> Any:
    transport = ASGITransport(app=As(books.shop, who))
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        headers = {"Idempotency-Key": "order-7"}
        answer = await client.post(f"{PAYMENTS}{path}", json=body or NEW, headers=headers)
    return answer.json()["id"]


async def test_two_callers_with_one_key_have_two_payments(books: Books) -> None:
    hers, his = await ask(books, "her"), await ask(books, "him")

    assert hers != his
    assert await ask(books, "her") == hers
    assert await ask(books, "him") == his
    assert len(books.stripe.sessions) == 2


async def test_two_callers_with_one_key_have_two_refunds(books: Books) -> None:
    payment = await books.paid()
    path = f"/{payment.id}/refunds"

    hers, his = await ask(books, "her", path, amount=5), await ask(books, "him", path, amount=5)

    assert hers != his
    assert await ask(books, "her", path, amount=5) == hers
    assert len(books.stripe.refunds) == 2
