"""Accounts and keys in the data service."""

import datetime as dt
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import pytest
from httpx2 import ASGITransport, AsyncClient

from chassis.database import Change, Database
from chassis.database.app import build_data_app
from chassis.database.features import DataSettings
from chassis.http_client import Reply
from chassis.testing.memory import MemoryRecords
from chassis_accounts.data.account_records.key_routes import signing_keys as given_keys
from chassis_accounts.data.account_records.repositories import Accounts, SigningKeys
from chassis_accounts.data.account_records.user_routes import accounts as given_accounts
from chassis_accounts.keeping import Accounts as RemoteAccounts
from chassis_accounts.records import KEYS, USERS, AccountRead, KeyRead

if TYPE_CHECKING:
    from fastapi import FastAPI

    from chassis_accounts.keeping import Accounts as Remote

NEW = {"email": "Anna@Example.com", "password_hash": "$argon2id$...", "roles": ["reader"]}
NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)


class Records(MemoryRecords[Any]):
    """Records with what the database fills in."""

    async def add(self, new: Any) -> Any:
        return await super().add(
            {"disabled": False, "totp_secret": None, "recovery_codes": [], **new}
            if "email" in new
            else new
        )


@pytest.fixture
async def client() -> AsyncIterator[AsyncClient]:
    settings = DataSettings(database_url="postgresql://nobody@127.0.0.1:1/none")
    app: FastAPI = build_data_app("Garden data", [], settings)
    app.dependency_overrides[given_accounts] = Records(AccountRead).given
    app.dependency_overrides[given_keys] = Records(KeyRead).given
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://data") as client:
        yield client


async def test_an_account_is_kept_changed_and_removed(client: AsyncClient) -> None:
    added = await client.post(USERS, json=NEW)
    assert added.status_code == 201
    assert added.json()["email"] == "anna@example.com"

    url, version = added.headers["Location"], added.headers["ETag"]
    changes = {"disabled": True, "totp_secret": "sealed"}  # pragma: allowlist secret
    changed = await client.patch(url, json=changes, headers={"If-Match": version})
    assert changed.json()["disabled"]
    again = await client.patch(url, json={"disabled": False}, headers={"If-Match": version})
    assert again.status_code == 412
    assert (await client.get(USERS)).json()["items"] == [changed.json()]
    assert (await client.get(url)).json() == changed.json()
    assert (await client.delete(url)).status_code == 204


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "nobody"},
        {"password_hash": ""},
        {"roles": ["two words"]},
        {"roles": ["reader"] * 51},
        {"disabled": "yes"},
    ],
)
async def test_what_cannot_be_meant_is_refused(client: AsyncClient, wrong: dict[str, Any]) -> None:
    assert (await client.post(USERS, json={**NEW, **wrong})).status_code == 422


async def test_keys_are_kept_and_removed(client: AsyncClient) -> None:
    new = {"number": 1, "private": "sealed", "signs_from": NOON.isoformat()}
    added = await client.post(KEYS, json=new)

    assert (await client.get(KEYS)).json()["items"] == [added.json()]
    assert (await client.delete(added.headers["Location"])).status_code == 204


@pytest.mark.parametrize(("kind", "known"), [(Accounts, {"roles": ["reader"]}), (SigningKeys, {})])
async def test_others_learn_what_changed_and_no_secret(kind: Any, known: dict[str, Any]) -> None:
    told: list[Change] = []

    async def note(_connection: Any, change: Change) -> None:
        told.append(change)

    class Noting:
        recorders = (note,)

    written = {"password_hash": "secret", "private": "secret", "roles": ["reader"]}
    change = Change("add", "auth_users", UUID(int=1), written, written)
    await kind(cast("Database", Noting())).recorded(cast("Any", None), change)

    (one,) = told
    assert one.values.keys() == written.keys()
    assert one.stored == known
    assert "secret" not in repr(one)


async def test_accounts_are_found_by_their_address(client: AsyncClient) -> None:
    await client.post(USERS, json=NEW)
    remote: Remote = RemoteAccounts(cast("Any", Calls(client)), "http://data")

    assert not await remote.are_none()
    found = await remote.by_email("anna@example.com")
    assert found
    assert (await remote.current(found.id)).email == "anna@example.com"


class Calls:
    """The client of other services, over the application."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def get(self, url: str, *, params: Any = None, headers: Any = None) -> Any:
        answer = await self._client.get(url, params=params, headers=headers)
        return Reply(answer.status_code, answer.content)
