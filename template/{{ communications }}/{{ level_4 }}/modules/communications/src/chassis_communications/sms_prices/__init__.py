"""Prices of SMS: Twilio says some time after it has taken one what it bills; until then an estimate counts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chassis.background import Again, repeating
from chassis.problems import Unavailable
from chassis.resilience import Guarded
from chassis_communications.kept_costs import KeptCosts
from chassis_communications.sms_prices.looking import LookUpPrices
from chassis_communications.sms_prices.settings import Settings
from chassis_communications.sms_prices.twilio import TwilioPrices
from chassis_workers.process import Worker

__all__ = ["Settings", "install", "lifespan"]


def install(worker: Worker, settings: Settings) -> None:
    """Prepare what asks for prices, behind the breaker of whom it asks."""
    worker.state.sms_prices = TwilioPrices(settings) if settings.sms_url else None


@asynccontextmanager
async def lifespan(worker: Worker, settings: Settings) -> AsyncIterator[None]:
    """Ask until the worker stops."""
    state = worker.state
    prices: TwilioPrices | None = state.sms_prices
    if prices is None:
        yield
        return
    price_of = Guarded(prices, state.guards.before(prices.address).breaker, (Unavailable,))
    look = LookUpPrices(KeptCosts(state.http, state.settings.data_api_url), price_of, settings)
    try:
        async with repeating(Again(look, settings.sms_prices_interval), waits="Prices of SMS wait"):
            yield
    finally:
        await prices.close()
