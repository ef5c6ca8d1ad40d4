"""A garden whose visitors log in; its accounts are in memory, and so is its Redis."""

import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any, cast
from uuid import uuid4

import pytest
from fakeredis import FakeAsyncRedis, FakeServer
from fastapi import APIRouter, FastAPI
from httpx2 import ASGITransport, AsyncClient

from chassis.access import Asking
from chassis.access.policy import Policy
from chassis.app import build_app
from chassis.features import FeatureSettings
from chassis.problems import Conflict
from chassis.testing.memory import MemoryRecords
from chassis_accounts.records import (
    AccountCreate,
    AccountRead,
    ClientCreate,
    ClientRead,
    KeyCreate,
    KeyRead,
)
from chassis_accounts.settings import Settings
from chassis_redis import redis_client

ADMIN = {
    "email": "admin@example.com",
    "password": "a password that only tests have",  # pragma: allowlist secret
}
ANNA = {
    "email": "anna@example.com",
    "password": "violet tractor hums nineteen",  # pragma: allowlist secret
}

router = APIRouter()


@router.get("/api/v1/beds")
async def list_beds() -> list[str]:
    return []


@router.get("/api/v1/beds/mine")
async def get_own_bed(asking: Asking) -> str:
    return asking.id


@router.post("/api/v1/beds", status_code=201)
async def create_bed() -> str:
    return "one"


class MemoryAccounts(MemoryRecords[AccountRead]):
    """Accounts as the data service keeps them."""

    async def add(self, new: AccountCreate) -> AccountRead:
        if await self.by_email(new.email):
            raise Conflict("There is one with this email.")
        rest: dict[str, Any] = {"disabled": False, "totp_secret": None, "recovery_codes": []}
        return await super().add({**new.model_dump(), **rest})

    async def by_email(self, email: str) -> AccountRead | None:
        everybody = [await self.get(one) for one in self._kept]
        return next((one for one in everybody if one.email == email), None)

    async def are_none(self) -> bool:
        return not self._kept


class MemoryClients(MemoryRecords[ClientRead]):
    """Clients as the data service keeps them."""

    async def add(self, new: ClientCreate) -> ClientRead:
        return await super().add({**new.model_dump(), "disabled": False})


class MemoryKeys(MemoryRecords[KeyRead]):
    """Keys as the data service keeps them."""

    async def add(self, new: KeyCreate) -> KeyRead:
        if any(kept["number"] == new.number for kept in self._kept.values()):
            raise Conflict("There is one with this number.")
        return await super().add(new.model_dump())


@pytest.fixture
def settings() -> FeatureSettings:
    """Settings by which a login takes no time."""
    return FeatureSettings(
        accounts_key="k" * 32,
        first_admin=ADMIN["email"],
        first_admin_password=ADMIN["password"],
        password_memory=32,
        password_rounds=1,
    )


@pytest.fixture
def own(settings: FeatureSettings) -> Settings:
    """The settings as accounts see them."""
    return settings


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> FakeServer:
    """The Redis of every application; `connected = False` takes it away."""
    fake = FakeServer()
    monkeypatch.setattr(redis_client, "connect", lambda _settings: FakeAsyncRedis(server=fake))
    return fake


@pytest.fixture
async def redis(server: FakeServer) -> AsyncIterator[FakeAsyncRedis]:
    """A client of it."""
    client = FakeAsyncRedis(server=server)
    yield client
    await client.aclose()


@pytest.fixture
def accounts() -> MemoryAccounts:
    """The accounts of all applications."""
    return MemoryAccounts(AccountRead)


@pytest.fixture
def kept_keys() -> MemoryKeys:
    """The keys of all applications."""
    return MemoryKeys(KeyRead)


@pytest.fixture
def app(
    settings: FeatureSettings, server: FakeServer, accounts: MemoryAccounts, kept_keys: MemoryKeys
) -> FastAPI:
    """Build an instance of the garden."""
    return garden(settings, accounts, kept_keys)


def garden(settings: FeatureSettings, accounts: MemoryAccounts, kept_keys: MemoryKeys) -> FastAPI:
    """Build another one, over the same accounts and the same Redis."""
    app = build_app("Garden", [router], settings)
    app.state.login.keys._kept = cast("Any", kept_keys)
    app.state.login = replace(app.state.login, accounts=cast("Any", accounts))
    app.state.clients = MemoryClients(ClientRead)
    rules = app.state.rules
    roles = {"admin": frozenset({"*"}), "reader": frozenset({"beds:read"})}
    rules.policy = Policy(roles, rules.policy.routes)
    return app


@pytest.fixture
def build() -> Any:
    """Build instances in tests: ``build(...)`` one, ``build.calling(app)`` its client."""
    return Builder()


class Builder:
    """Builds instances."""

    def calling(self, app: FastAPI) -> AsyncClient:
        return calling(app)

    def __call__(self, *given: Any) -> FastAPI:
        return garden(*given)


@pytest.fixture
async def client(app: FastAPI, ask_as: Any) -> AsyncIterator[AsyncClient]:
    """Call the garden as anybody would: who asks is whom the token names."""
    ask_as(None)
    async with calling(app) as client:
        yield client


def calling(app: FastAPI, **options: Any) -> AsyncClient:
    """Give a client of an instance."""
    transport = ASGITransport(app=app, **options)
    return AsyncClient(transport=transport, base_url="http://garden/api/v1")


def bearer(token: str) -> dict[str, str]:
    """Give the header of somebody who has a token."""
    return {"Authorization": f"Bearer {token}"}


async def logged_in(client: AsyncClient, who: dict[str, str]) -> dict[str, Any]:
    """Log in, and give the tokens."""
    answer = await client.post("/auth/sessions", json=who)
    assert answer.status_code == 201, answer.text
    tokens: dict[str, Any] = answer.json()
    return tokens


@pytest.fixture
async def admin(client: AsyncClient) -> dict[str, str]:
    """What the administrator sends."""
    return bearer((await logged_in(client, ADMIN))["access_token"])


@pytest.fixture
async def anna(client: AsyncClient, admin: dict[str, str]) -> dict[str, Any]:
    """Somebody who may read, and has logged in: her account, and her tokens."""
    new = {**ANNA, "roles": ["reader"]}
    answer = await client.post("/auth/users", json=new, headers=admin)
    assert answer.status_code == 201, answer.text
    return {**answer.json(), **await logged_in(client, ANNA)}


type Meanwhile = Callable[[Callable[[], Awaitable[Any]]], None]


@pytest.fixture
def meanwhile(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Have something done after somebody is let in, and before the session begins."""

    def have(done: Callable[[], Awaitable[Any]]) -> None:
        sessions = app.state.login.sessions
        begin = sessions.begin

        async def late(*given: Any) -> Any:
            monkeypatch.setattr(sessions, "begin", begin)
            await done()
            return await begin(*given)

        monkeypatch.setattr(sessions, "begin", late)

    return have


def account(**changes: Any) -> AccountRead:
    """Give an account, changed."""
    now = dt.datetime.now(dt.UTC)
    kept = {
        "id": uuid4(),
        "email": ANNA["email"],
        "password_hash": "none",  # pragma: allowlist secret
        "roles": ["reader"],
        "disabled": False,
        "totp_secret": None,
        "recovery_codes": [],
        "created_at": now,
        "updated_at": now,
        "version": 1,
    }
    return AccountRead.model_validate({**kept, **changes})
