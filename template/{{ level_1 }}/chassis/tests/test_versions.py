"""A write counts on the record that its sender saw."""

import asyncio
from dataclasses import dataclass, replace
from uuid import UUID

import pytest
from fastapi import APIRouter, FastAPI, Response
from httpx2 import AsyncClient

from chassis import versions
from chassis.app import assemble
from chassis.features import BUSINESS_FEATURES, FEATURES, FeatureSettings
from chassis.problems import Conflict, Outdated
from chassis.testing.memory import MemoryRecords
from chassis.versions import IfMatch, decides_again, deciding, tagged

router = APIRouter()


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    balance: int
    id: UUID
    version: int


class Accounts(MemoryRecords[Account]):
    """Lets others in between a read and a write, as a network does."""

    async def current(self, record_id: UUID, version: int | None = None) -> Account:
        found = await super().current(record_id, version)
        await asyncio.sleep(0)
        return found


@dataclass(frozen=True, slots=True)
class Deposit:
    accounts: Accounts

    @decides_again
    async def __call__(self, account: UUID, amount: int, *, version: int | None = None) -> Account:
        current = await self.accounts.current(account, version)
        changed = replace(current, balance=current.balance + amount)
        balance = {"balance": changed.balance}
        return await self.accounts.change(account, balance, current.version)


@router.get("/tags")
async def show(version: IfMatch) -> int | None:
    return version


@router.get("/accounts/{balance}")
async def read(balance: int, response: Response) -> int:
    account = Account(balance=balance, id=UUID(int=0), version=7)
    return tagged(response, account).balance


@pytest.fixture
def settings(request: pytest.FixtureRequest) -> FeatureSettings:
    return FeatureSettings(**getattr(request, "param", {}))


@pytest.fixture
def app(settings: FeatureSettings) -> FastAPI:
    return assemble("Accounts", [router], settings, FEATURES)


async def test_a_record_is_answered_with_its_version(client: AsyncClient) -> None:
    answer = await client.get("/accounts/3")

    assert (answer.text, answer.headers["etag"]) == ("3", '"7"')


@pytest.mark.parametrize(
    ("headers", "version"),
    [
        ([], None),
        (['"3"'], 3),
        (["*"], None),
        (['"3", "12" ,"7"'], 12),
        (['W/"3"'], 0),  # weak: never the same
        (['W/"9", "3"'], 3),
        (['"another\'s"'], 0),
        (['"03"'], 0),
        (['"-1"'], 0),
        ([f'"{10**30}"'], 0),
        (['""'], 0),
    ],
)
async def test_the_version_is_read(
    client: AsyncClient, headers: list[str], version: int | None
) -> None:
    answer = await client.get("/tags", headers=[("If-Match", value) for value in headers])

    assert answer.json() == version


@pytest.mark.parametrize("value", ["3", "", '"3', '"3" "4"', "**", '*, "3"', "w/3", '"3",'])
async def test_what_is_no_tag_is_refused(client: AsyncClient, value: str) -> None:
    answer = await client.get("/tags", headers={"If-Match": value})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].lower() == "if-match"
    assert "ETag" in answer.json()["errors"][0]["detail"]


@pytest.mark.parametrize("settings", [{"require_if_match": True}], indirect=True)
async def test_it_can_be_required(client: AsyncClient) -> None:
    assert (await client.get("/tags")).status_code == 428
    assert (await client.get("/tags", headers={"If-Match": "*"})).status_code == 200


def test_data_services_do_not_require_it() -> None:
    assert versions in BUSINESS_FEATURES


async def test_a_decision_is_made_anew_when_somebody_was_faster() -> None:
    accounts = Accounts(Account)
    account = (await accounts.add({"balance": 0})).id

    await asyncio.gather(*(Deposit(accounts)(account, 10) for _ in range(30)))

    assert (await accounts.get(account)).balance == 300


async def test_whoever_named_a_version_has_to_look_again() -> None:
    accounts = Accounts(Account)
    account = await accounts.add({"balance": 0})
    deposits = (Deposit(accounts)(account.id, 10, version=account.version) for _ in range(2))

    first, second = await asyncio.gather(*deposits, return_exceptions=True)

    assert isinstance(first, Account)
    assert isinstance(second, Outdated)


async def test_nobody_tries_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deciding, "LONGEST_PAUSE_S", 0)
    tried: list[int] = []

    @decides_again
    async def unlucky(*, version: int | None = None) -> None:
        tried.append(1)
        raise Outdated("Changed.")

    with pytest.raises(Conflict, match="Nothing was done"):
        await unlucky()

    assert len(tried) == deciding.ATTEMPTS
