"""Reconciling: a worker compares the books of each day with those of the providers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from chassis.background import Again, repeating
from chassis_payments.process import Process
from chassis_payments.reconciliations import Books
from chassis_payments.reconciling.comparing import CompareDay
from chassis_payments.reconciling.daily import ReconcileDays
from chassis_payments.reconciling.settings import Settings
from chassis_payments.settling import WAITS
from chassis_payments.stored_payments import StoredPayments

__all__ = ["Settings", "install", "lifespan"]

INTERVAL_S = 600.0


def install(worker: Process, settings: Settings) -> None:
    """Prepare what the worker does: it begins when the worker runs."""
    worker.state.reconcile_payments = partial(_work, worker, settings)


@asynccontextmanager
async def lifespan(worker: Process, _settings: Settings) -> AsyncIterator[None]:
    """Compare what is due until the worker stops; without a provider there are no other books."""
    if not worker.state.payment_providers.known:
        yield
        return
    async with repeating(Again(worker.state.reconcile_payments(), INTERVAL_S), waits=WAITS):
        yield


def _work(worker: Process, settings: Settings) -> ReconcileDays:
    http, url = worker.state.http, worker.state.settings.data_api_url
    books = Books(http, url)
    compare = CompareDay(StoredPayments(http, url), books)
    return ReconcileDays(worker.state.payment_providers, books, compare, settings)
