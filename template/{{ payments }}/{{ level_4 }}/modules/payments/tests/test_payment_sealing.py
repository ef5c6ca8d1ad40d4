"""The metadata of payments is encrypted in the database, under keys that can be replaced."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from chassis_payments.data import payment_sealing
from chassis_payments.data.payment_sealing.resealing import reseal
from chassis_payments.data.payment_sealing.sealing import MetadataSealer
from chassis_payments.testing.books import Books

OLD, NEW = "old-" * 10, "new-" * 10
METADATA = {"tax number": "12 345", "amount": 10.5, "list": [1, None]}


@pytest.fixture(autouse=True)
def plain_afterwards() -> Iterator[None]:
    yield
    payment_sealing.sealed_with([])


def keys(books: Books, current: str = "", before: str = "") -> None:
    """Have the data service started anew with other keys."""
    settings = payment_sealing.Settings.model_validate(
        {"payments_key": current, "payments_keys_before": before}
    )
    payment_sealing.install(books.data, settings)
    for engine in books.data.state.database.engines:
        engine.sync_engine.clear_compiled_cache()


async def kept(books: Books, payment_id: Any) -> Any:
    """Give the metadata as the database has it."""
    ((value,),) = await books.sql(
        f"SELECT metadata::text FROM provider_payments WHERE id = '{payment_id}'"  # noqa: S608
    )
    return json.loads(value)


async def remembered(books: Books, payment_id: Any) -> Any:
    return (await books.payments.get(UUID(str(payment_id)))).metadata


async def test_the_database_has_it_sealed_and_services_have_it_open(books: Books) -> None:
    keys(books, NEW)
    payment = await books.open(key="k1", metadata=METADATA)

    assert await remembered(books, payment["id"]) == METADATA
    (text,) = (await kept(books, payment["id"])).values()
    assert text.startswith(f"{MetadataSealer([NEW]).current}:")
    assert "12 345" not in text
    assert NEW not in text
    again = await books.open(key="k1", metadata=METADATA)  # it is the same one all the same
    assert again["id"] == payment["id"]


async def test_two_that_are_the_same_do_not_look_the_same(books: Books) -> None:
    keys(books, NEW)
    first, second = [(await books.open(metadata=METADATA))["id"] for _ in range(2)]

    assert await kept(books, first) != await kept(books, second)
    assert await kept(books, (await books.open())["id"]) == {}


async def test_keys_are_replaced_without_a_pause(books: Books) -> None:
    plain = (await books.open(metadata=METADATA))["id"]
    keys(books, OLD)
    old = (await books.open(metadata=METADATA))["id"]
    keys(books, NEW, OLD)
    for payment in (plain, old):
        assert await remembered(books, payment) == METADATA
    before = await books.payments.get(UUID(old))

    done = await reseal(books.data.state.database, MetadataSealer([NEW, OLD]))

    assert (done.sealed, done.unreadable) == (2, 0)
    keys(books, NEW)  # nobody needs the old one any more
    for payment in (plain, old):
        assert await remembered(books, payment) == METADATA
    assert await books.payments.get(UUID(old)) == before  # it is no change of the payment
    assert (await reseal(books.data.state.database, MetadataSealer([NEW]))).sealed == 0


async def test_many_are_sealed_anew_in_parts(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chassis_payments.data.payment_sealing.resealing.AT_ONCE", 2)
    for _ in range(5):
        await books.open(metadata=METADATA)

    assert (await reseal(books.data.state.database, MetadataSealer([NEW]))).sealed == 5


async def test_money_goes_on_without_a_key_that_is_lost(books: Books) -> None:
    keys(books, OLD)
    payment = await books.paid(metadata=METADATA)
    keys(books, NEW)

    assert (await books.refund(payment.id, amount=50)).json()["state"] == "completed"
    assert await remembered(books, payment.id) == {"#unreadable": MetadataSealer([OLD]).current}
    assert (await reseal(books.data.state.database, MetadataSealer([NEW]))).unreadable == 1
    keys(books, OLD)
    assert await remembered(books, payment.id) == METADATA


async def test_what_was_changed_in_the_database_is_not_believed(books: Books) -> None:
    keys(books, NEW)
    payment = await books.open(metadata=METADATA)
    (text,) = (await kept(books, payment["id"])).values()
    changed = text[:-8] + ("A" if text[-8] != "A" else "B") + text[-7:]
    await books.sql(
        f"""UPDATE provider_payments SET metadata = '{{"#sealed": "{changed}"}}'"""  # noqa: S608
    )

    assert await remembered(books, payment["id"]) == {"#unreadable": MetadataSealer([NEW]).current}


def test_a_key_that_can_be_guessed_is_refused() -> None:
    for name in ("payments_key", "payments_keys_before"):
        with pytest.raises(ValidationError, match="32 characters"):
            payment_sealing.Settings.model_validate({name: "short"})


async def test_without_a_key_it_is_kept_as_it_comes(books: Books) -> None:
    keys(books)
    payment = await books.open(metadata=METADATA)

    assert await kept(books, payment["id"]) == METADATA


@pytest.mark.parametrize(("key", "said"), [("", [payment_sealing.OPEN]), (NEW, [])])
async def test_a_service_that_runs_says_whether_it_has_a_key(
    key: str, said: list[str], books: Books, caplog: pytest.LogCaptureFixture
) -> None:
    settings = payment_sealing.Settings.model_validate({"payments_key": key})

    async with payment_sealing.lifespan(books.data, settings):
        assert caplog.messages == said
