"""What an SMS costs is asked for until Twilio says it, and counted once."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from aiohttp.test_utils import TestServer

from chassis.database.app import build_data_app
from chassis.database.features import DataSettings
from chassis.problems import NotFound, Unavailable
from chassis.resilience import Guards
from chassis.resilience import Settings as BreakerSettings
from chassis_communications import sms_prices
from chassis_communications.data.message_costs.routes import message_costs
from chassis_communications.kept_costs import KeptCosts
from chassis_communications.providers import Outgoing
from chassis_communications.providers.twilio import TwilioSms
from chassis_communications.sms_prices import Settings
from chassis_communications.sms_prices.looking import LookUpPrices
from chassis_communications.sms_prices.twilio import TwilioPrices
from chassis_communications.spending import (
    MessagePrice,
    Unpriced,
    UnpricedMessages,
    UnpricedQuery,
)
from chassis_communications.testing.over import Over
from chassis_communications.testing.twilio import ACCOUNT, SENDER, TOKEN, Twilio
from chassis_workers.features import WorkerSettings
from chassis_workers.worker import build_worker

NUMBER = "+447700900123"


class Costs:
    """SMS whose price is an estimate, in memory; `prices` are those that were told."""

    def __init__(self, names: Sequence[str] = ()) -> None:
        self.names = {UUID(int=number): name for number, name in enumerate(names, 1)}
        self.prices: dict[UUID, MessagePrice] = {}
        self.asked: list[UnpricedQuery] = []
        self.told = asyncio.Event()

    async def unpriced(self, query: UnpricedQuery) -> UnpricedMessages:
        self.asked.append(query)
        found = [
            Unpriced(id=one, provider_id=name, segments=2)
            for one, name in self.names.items()
            if one not in self.prices and (query.after is None or one > query.after)
        ]
        return UnpricedMessages(items=found[: query.limit])

    async def set_price(self, message_id: UUID, price: MessagePrice) -> None:
        if message_id not in self.names:
            raise NotFound("Message not found.")
        self.prices.setdefault(message_id, price)
        self.told.set()


@pytest.fixture
def costs() -> Costs:
    return Costs(("SM1", "SM2", "SM3"))


@pytest.fixture
async def over(costs: Costs) -> AsyncIterator[Over]:
    settings = DataSettings(database_url="postgresql://nobody@127.0.0.1:1/none")
    app = build_data_app("Garden data", [], settings)
    app.dependency_overrides[message_costs] = lambda: costs
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://data") as http:
        yield Over(http)


@pytest.fixture
def kept(over: Over) -> KeptCosts:
    return KeptCosts(over, "http://data")


@pytest.fixture
def twilio() -> Twilio:
    return Twilio()


@pytest.fixture
async def settings(twilio: Twilio) -> AsyncIterator[Settings]:
    async with TestServer(twilio.application()) as server:
        account = {"twilio_account": ACCOUNT, "twilio_token": TOKEN, "sms_from": SENDER}
        yield Settings.model_validate({**account, "sms_url": str(server.make_url(""))})


@pytest.fixture
async def sent(settings: Settings, outgoing: Outgoing) -> str:
    """Send an SMS; give what Twilio calls it."""
    sms = TwilioSms(settings)
    taken = await sms.send(replace(outgoing, recipient=NUMBER))
    await sms.close()
    assert taken.name
    assert taken.price is None
    return taken.name


async def test_a_price_that_comes_later_takes_the_place_of_the_estimate(
    kept: KeptCosts, costs: Costs, twilio: Twilio, settings: Settings, sent: str
) -> None:
    twilio.later = "-0.00790"
    costs.names = {uuid4(): sent}
    prices = TwilioPrices(settings)
    look = LookUpPrices(kept, prices, settings.model_copy(update={"sms_price": 0.01}))

    assert await look() == 0  # Twilio does not know it yet
    assert await look() == 1
    assert await look() == 0  # and is not asked any more

    assert [*costs.prices.values()] == [MessagePrice(price=7900, estimate=20_000)]
    assert twilio.looked == [sent] * 2
    oldest = dt.datetime.now(dt.UTC) - costs.asked[0].since
    assert dt.timedelta(days=2.9) < oldest < dt.timedelta(days=3.1)
    await prices.close()


async def test_some_are_asked_about_at_a_time_and_each_has_its_turn(
    kept: KeptCosts, costs: Costs
) -> None:
    asked: list[str] = []

    async def price_of(name: str) -> int | None:
        asked.append(name)
        return None

    look = LookUpPrices(kept, price_of, Settings(sms_prices_at_once=2))
    for _ in range(3):
        assert await look() == 0

    assert asked == ["SM1", "SM2", "SM3", "SM1", "SM2"]
    assert not costs.prices


async def test_while_twilio_is_away_the_next_ones_have_their_turn(
    kept: KeptCosts, costs: Costs
) -> None:
    async def price_of(name: str) -> int | None:
        if name == "SM1":
            raise Unavailable("away")
        return 7500

    look = LookUpPrices(kept, price_of, Settings(sms_prices_at_once=1))
    with pytest.raises(Unavailable):
        await look()
    assert await look() + await look() == 2

    assert [costs.names[one] for one in costs.prices] == ["SM2", "SM3"]


async def test_what_twilio_does_not_know_or_does_not_say_is_no_price(
    twilio: Twilio, settings: Settings
) -> None:
    prices = TwilioPrices(settings)
    assert await prices("SM/../7") is None

    twilio.busy = True
    with pytest.raises(Unavailable):
        await prices("SM1")
    foreign = TwilioPrices(settings.model_copy(update={"twilio_account": "AC8"}))
    with pytest.raises(Unavailable):
        await foreign("SM1")
    away = TwilioPrices(settings.model_copy(update={"sms_url": "http://127.0.0.1:1"}))
    with pytest.raises(Unavailable):
        await away("SM1")
    for one in (prices, foreign, away):
        await one.close()


async def test_a_message_that_is_not_there_has_no_price(kept: KeptCosts) -> None:
    with pytest.raises(NotFound):
        await kept.set_price(uuid4(), MessagePrice(price=1, estimate=1))


async def test_it_is_asked_as_long_as_a_worker_runs(
    over: Over, costs: Costs, twilio: Twilio, settings: Settings, sent: str
) -> None:
    twilio.later = "-0.00790"
    costs.names = {uuid4(): sent}
    state = SimpleNamespace(http=over, guards=Guards(BreakerSettings()))
    state.settings = SimpleNamespace(data_api_url="http://data")
    worker: Any = SimpleNamespace(state=state)
    often = settings.model_copy(update={"sms_prices_interval": 0.01})

    sms_prices.install(worker, often)
    async with sms_prices.lifespan(worker, often), asyncio.timeout(10):
        await costs.told.wait()

    assert [one.price for one in costs.prices.values()] == [7900]
    assert [service for service, _ in state.guards] == [state.sms_prices.address]


async def test_the_worker_asks_where_sms_are_sent() -> None:
    worker = build_worker("gardener", [], [], WorkerSettings(sms_url="http://127.0.0.1:1"))
    assert isinstance(worker.state.sms_prices, TwilioPrices)
    await worker.state.sms_prices.close()
    for provider in worker.state.message_providers.values():
        await provider.close()

    assert build_worker("gardener", [], [], WorkerSettings()).state.sms_prices is None
