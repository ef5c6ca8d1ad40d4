"""A business API with payments, its data service on a real database, its worker, and two providers."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, get_args
from uuid import UUID

from aiohttp.test_utils import BaseTestServer, TestServer
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient, Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from chassis import body_limit, methods, problems
from chassis.app import assemble
from chassis.database import Base
from chassis.database import feature as database
from chassis.database.features import DataSettings
from chassis.features import FeatureSettings
from chassis.http_client import Reply
from chassis_payments import payment_api, providers
from chassis_payments.data import provider_events, provider_payments
from chassis_payments.payments import ProviderName
from chassis_payments.providers import Providers, Settings, providers_of
from chassis_payments.refreshing import RefreshPayment
from chassis_payments.settling.acting import ActOnEvents
from chassis_payments.settling.looking import LookUpPayments
from chassis_payments.stored_payments import StoredPayments
from chassis_payments.testing import paypal as paypal_stand_in
from chassis_payments.testing import stripe as stripe_stand_in
from chassis_payments.testing.paypal import PayPalStandIn
from chassis_payments.testing.stand_in import Sent
from chassis_payments.testing.stripe import StripeStandIn

PAYMENTS = "/api/v1/provider-payments"
PROVIDERS: tuple[ProviderName, ...] = get_args(ProviderName)
NEW = {"amount": 1050, "currency": "EUR", "return_url": "https://shop.example/back"}


@dataclass
class Books:
    """Everything that moves money, or writes it down."""

    business: AsyncClient
    payments: StoredPayments
    providers: Providers
    stripe: StripeStandIn
    paypal: PayPalStandIn
    database_url: str
    shop: FastAPI
    data: FastAPI
    """The services, which more features may be installed in."""

    @property
    def refresh(self) -> RefreshPayment:
        """What a worker does for one payment."""
        return RefreshPayment(self.payments, self.providers)

    async def open(self, key: str | None = None, **changed: Any) -> Any:
        """Open a payment; give it as it is shown."""
        headers = {} if key is None else {"Idempotency-Key": key}
        answer = await self.business.post(PAYMENTS, json={**NEW, **changed}, headers=headers)
        answer.raise_for_status()
        return answer.json()

    async def opened(self, **changed: Any) -> Any:
        """Open a payment; give it as it is stored."""
        payment = await self.open(**changed)
        return await self.payments.get(UUID(payment["id"]))

    async def paid(self, **changed: Any) -> Any:
        """Have a payment that is completed."""
        payment = await self.opened(**changed)
        if payment.provider == "stripe":
            self.stripe.pay(payment.reference)
        else:
            self.paypal.approve(payment.reference)
        return await self.refresh(payment.id)

    async def show(self, payment_id: object) -> Any:
        """Show a payment."""
        return (await self.business.get(f"{PAYMENTS}/{payment_id}")).json()

    async def deliver(self, sent: Sent, provider: str = "stripe") -> Response:
        """Take a webhook where it belongs."""
        path = f"/api/v1/payment-webhooks/{provider}"
        return await self.business.post(path, content=sent.body, headers=dict(sent.headers))

    async def refund(self, payment_id: object, key: str = "", **asked: Any) -> Response:
        """Ask for money back."""
        headers = {"Idempotency-Key": key} if key else {}
        path = f"{PAYMENTS}/{payment_id}/refunds"
        return await self.business.post(path, json=asked, headers=headers)

    async def act(self) -> int:
        """Do what a worker does with webhooks."""
        each = (ActOnEvents(self.payments, self.refresh, name) for name in PROVIDERS)
        return sum(await asyncio.gather(*(act() for act in each)))

    async def look(self) -> int:
        """Do what a worker does with what nobody has heard of, however young it is."""
        each = (LookUpPayments(self.payments, self.refresh, name, 0) for name in PROVIDERS)
        return sum(await asyncio.gather(*(look() for look in each)))

    async def age(self, hours: float = 0.02) -> None:
        """Have everything happened so much earlier."""
        for table, columns in _TIMES.items():
            moved = ", ".join(f"{one} = {one} - interval '{hours} hours'" for one in columns)
            await self.sql(f"UPDATE {table} SET {moved}")  # noqa: S608  # of these names

    async def moved(self, payment_id: object) -> list[tuple[str, int]]:
        """Give the money that moved, by its kind."""
        rows = await self.payments.transactions(UUID(str(payment_id)))
        return [(one.kind, one.amount) for one in rows]

    async def sql(self, statement: str) -> list[Any]:
        """Do something that no service does."""
        engine = create_async_engine(self.database_url)
        async with engine.begin() as connection:
            result = await connection.execute(text(statement))
            rows = [tuple(row) for row in result] if result.returns_rows else []
        await engine.dispose()
        return rows


_TIMES: Mapping[str, tuple[str, ...]] = {
    "provider_payments": ("created_at", "updated_at", "attempted_at"),
    "provider_refunds": ("created_at", "updated_at"),
    "provider_events": ("due_at",),
}


class Over:
    """Calls of HttpClient, made over another one."""

    def __init__(self, http: AsyncClient) -> None:
        self._http = http

    async def get(self, url: str, *, params: Any = None, headers: Any = None) -> Reply:
        """Read."""
        texts = {name: str(value) for name, value in (params or {}).items()}
        return await self._reply("GET", url, params=texts, headers=headers)

    async def put(self, url: str, *, json_body: bytes | None = None) -> Reply:
        """Set."""
        headers = {"content-type": "application/json"}
        return await self._reply("PUT", url, content=json_body, headers=headers)

    async def delete(self, url: str) -> Reply:
        """Remove."""
        return await self._reply("DELETE", url)

    async def _reply(self, method: str, url: str, **sent: Any) -> Reply:
        answer = await self._http.request(method, url, **sent)
        return Reply(answer.status_code, answer.content, method)


@contextmanager
def database_server(root: Path) -> Iterator[str]:
    """Run a PostgreSQL with the tables of payments; give its address."""
    from tools.dev.postgres import embedded_postgres  # noqa: PLC0415  # of the project, where tests run

    (root / ".dev").mkdir(exist_ok=True)
    with (
        TemporaryDirectory(prefix="payments-", dir=root / ".dev") as folder,
        embedded_postgres(Path(folder) / "postgres") as socket,
    ):
        url = f"postgresql+asyncpg://postgres@/postgres?host={socket}"
        asyncio.run(_create(url))
        yield url


async def _create(url: str) -> None:
    tables = [Base.metadata.tables[name] for name in _tables()]
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(lambda sync: Base.metadata.create_all(sync, tables=tables))
    await engine.dispose()


def _tables() -> list[str]:
    begins = ("provider_", "payment_", "invoices_")
    return [name for name in Base.metadata.tables if name.startswith(begins)]


@asynccontextmanager
async def books(database_url: str) -> AsyncIterator[Books]:
    """Have everything, with nothing written yet."""
    stripe, paypal = StripeStandIn(), PayPalStandIn()
    data = _data_app(database_url)
    async with (
        TestServer(stripe.application()) as stripe_server,
        TestServer(paypal.application()) as paypal_server,
        _client(data) as data_http,
    ):
        settings = Settings(
            stripe_url=_with(stripe_server, stripe_stand_in.KEY, stripe_stand_in.SIGNER),
            paypal_url=_with(paypal_server, paypal_stand_in.CLIENT, paypal_stand_in.SIGNER),
            payments_timeout=5,
        )
        known = providers_of(settings)
        stored = StoredPayments(Over(data_http), "http://data")
        shop = _business_app(known, Over(data_http))
        async with _client(shop) as business:
            found = Books(business, stored, known, stripe, paypal, database_url, shop, data)
            await found.sql(f"TRUNCATE {', '.join(_tables())} CASCADE")
            try:
                yield found
            finally:
                for one in known.known.values():
                    await one.calls.client.aclose()
                await data.state.database.close()


def _data_app(database_url: str) -> FastAPI:
    features = [problems, methods, database, provider_payments, provider_events]
    settings = DataSettings(database_url=database_url)
    return assemble("Shop data", [], settings, features)


def _business_app(known: Providers, http: Over) -> FastAPI:
    features = [problems, methods, providers, payment_api, body_limit]
    app = assemble("Shop", [], FeatureSettings(), features)
    app.state.payment_providers = known
    app.state.http = http
    app.state.settings = SimpleNamespace(data_api_url="http://data")
    return app


def _client(app: FastAPI) -> AsyncClient:
    return AsyncClient(transport=ASGITransport(app=app), base_url="http://test")


def _with(server: BaseTestServer, user: str, password: str) -> str:
    return f"http://{user}:{password}@{server.host}:{server.port}"
