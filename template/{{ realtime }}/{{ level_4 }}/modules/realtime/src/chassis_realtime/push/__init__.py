"""Push: devices are told that something has happened, by FCM, APNs and Web Push.

A feature of the worker. Events come from a queue of their own, so that push never delays what is told
live; each becomes one push for each device (``spreading``), which waits in Redis (``waiting``) and is
sent when it is due (``sending``).
"""

import logging
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from chassis.background import Again, repeating
from chassis.resilience import Guards
from chassis_rabbitmq.consuming.limits import Limits
from chassis_rabbitmq.consuming.subscriptions import Subscriptions
from chassis_realtime.audiences import declared_audiences, told_by_event
from chassis_realtime.kept_devices import KeptDevices
from chassis_realtime.push.passing import Passing
from chassis_realtime.push.providers import WrongCredentialsError, providers_of
from chassis_realtime.push.sending import Sending
from chassis_realtime.push.settings import Settings
from chassis_realtime.push.spreading import Spreading
from chassis_realtime.push.waiting import Waiting
from chassis_workers.process import Worker

__all__ = ["Settings", "install", "lifespan"]

QUEUE = "push"
LIMITS = Limits(concurrency=4, prefetch=20, retry_delay=0.5, retry_delay_max=5)
IDLE_S = 0.5
FINISHED_WITHIN_S = 5
CHATTY = ("hpack", "httpcore2")
"""What would write the addresses of devices into the log, where LOG_LEVEL is DEBUG."""


def install(worker: Worker, settings: Settings) -> None:
    """Have the worker push, where something is to be pushed by."""
    state, shared = worker.state, worker.state.settings
    try:
        providers = state.push_providers = providers_of(settings, shared)
    except WrongCredentialsError as error:
        sys.exit(f"settings: {error}")
    if not providers:
        return
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    waiting = Waiting(state.redis, shared)
    devices = KeptDevices(state.http, str(getattr(shared, "data_api_url", "")))
    passing = Passing(providers, {kind: Guards(shared) for kind in providers})
    state.push = Sending(waiting, devices, passing, shared)
    spreading = Spreading(waiting, devices, told_by_event(declared_audiences()), shared)
    subscriptions = Subscriptions(worker.title, shared, LIMITS)
    subscriptions.handling.resemble(worker.handling)
    subscriptions.follow(QUEUE, spreading.handle)
    worker.beside.append(subscriptions)


@asynccontextmanager
async def lifespan(worker: Worker, settings: Settings) -> AsyncIterator[None]:
    """Send while the worker runs; finish what is under way when it stops."""
    if not worker.state.push_providers:
        yield
        return
    sending: Sending = worker.state.push
    async with AsyncExitStack() as stack:
        for provider in worker.state.push_providers.values():
            stack.push_async_callback(provider.close)
        stack.push_async_callback(sending.finish, FINISHED_WITHIN_S)
        again = Again(sending, settings.push_interval, IDLE_S)
        await stack.enter_async_context(repeating(again, waits="Pushes wait", patience=None))
        yield
