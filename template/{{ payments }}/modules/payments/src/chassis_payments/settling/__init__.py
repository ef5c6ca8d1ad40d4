"""Settling: a worker acts on what webhooks said, and looks up what nobody has heard of."""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from chassis.background import Again, repeating
from chassis_payments import providers
from chassis_payments.process import Process
from chassis_payments.refreshing import RefreshPayment
from chassis_payments.settling.acting import ActOnEvents
from chassis_payments.settling.looking import LookUpPayments
from chassis_payments.settling.settings import Settings
from chassis_payments.stored_payments import StoredPayments

__all__ = ["Settings", "install", "lifespan"]

logger = logging.getLogger(__name__)

WAITS = "Payments wait"
NOBODY = "No provider has a key: no payment is settled"


def install(worker: Process, settings: Settings) -> None:
    """Know the providers, and prepare what the worker does: it begins when the worker runs."""
    providers.install(worker, settings)
    worker.state.payment_work = partial(_work, worker, settings)


@asynccontextmanager
async def lifespan(worker: Process, settings: Settings) -> AsyncIterator[None]:
    """Act and look until the worker stops."""
    async with providers.lifespan(worker, settings):
        if not worker.state.payment_providers.known:
            logger.warning(NOBODY)
            yield
            return
        async with repeating(*worker.state.payment_work(), waits=WAITS):
            yield


def _work(worker: Process, settings: Settings) -> Sequence[Again]:
    """Give what is done for each provider, side by side."""
    state = worker.state
    payments = StoredPayments(state.http, state.settings.data_api_url)
    refresh = RefreshPayment(payments, state.payment_providers)
    works: list[Again] = []
    for name in state.payment_providers.known:
        act = ActOnEvents(payments, refresh, name)
        look = LookUpPayments(payments, refresh, name, settings.payments_settle_after)
        works += (
            Again(act, settings.payments_events_interval),
            Again(look, settings.payments_settle_interval),
        )
    return works
