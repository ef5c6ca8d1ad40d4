"""Settling: a worker acts on what webhooks said, and looks up what nobody has heard of."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

from chassis.problems import ProblemError
from chassis_payments import providers
from chassis_payments.process import Process
from chassis_payments.refreshing import RefreshPayment
from chassis_payments.settling.acting import ActOnEvents
from chassis_payments.settling.looking import LookUpPayments
from chassis_payments.settling.settings import Settings
from chassis_payments.stored_payments import StoredPayments

__all__ = ["Settings", "install", "lifespan"]

logger = logging.getLogger(__name__)

LONGEST_PAUSE_S = 30.0
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
        act, look = worker.state.payment_work()
        tasks = [
            asyncio.create_task(again_and_again(act, settings.payments_events_interval)),
            asyncio.create_task(again_and_again(look, settings.payments_settle_interval)),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _work(worker: Process, settings: Settings) -> tuple[ActOnEvents, LookUpPayments]:
    state = worker.state
    payments = StoredPayments(state.http, state.settings.data_api_url)
    refresh = RefreshPayment(payments, state.payment_providers)
    look = LookUpPayments(payments, refresh, settings.payments_settle_after)
    return ActOnEvents(payments, refresh), look


async def again_and_again(work: Callable[[], Awaitable[object]], interval: float) -> None:
    """Do something at intervals; while it fails, less and less often."""
    pause = interval
    while True:
        try:
            await work()
            pause = interval
        except ProblemError as error:
            pause = max(interval, min(pause * 2, LONGEST_PAUSE_S))
            logger.warning("Payments wait: %s", error.detail)
        except Exception:
            pause = max(interval, LONGEST_PAUSE_S)
            logger.exception("Payments wait")
        await asyncio.sleep(pause)
