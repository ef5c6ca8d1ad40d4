"""A provider that keeps failing is left alone for a while: nothing is sent to it, so nothing is lost."""

from functools import partial
from typing import Any

import httpx2
from prometheus_client import Gauge

from chassis.feature import no_lifespan
from chassis.problems import Unavailable
from chassis.resilience import Breaker, Settings
from chassis_payments.process import Process
from chassis_payments.providers.calling import Send

__all__ = ["Guarded", "LeftAlone", "install", "lifespan"]


class LeftAlone(Unavailable):
    """A provider keeps failing, so it was not asked: 503."""


class Guarded:
    """Makes calls while the breaker lets them pass; raises LeftAlone before one is sent."""

    def __init__(self, send: Send, breaker: Breaker) -> None:
        self._send = send
        self.breaker = breaker

    async def __call__(self, method: str, path: str, **sent: Any) -> httpx2.Response:
        """Make a call; a refusal is no failure of the provider."""
        try:
            trying = self.breaker.admit()
        except Unavailable as error:
            raise LeftAlone(error.detail) from error
        failed: bool | None = None
        try:
            answer = await self._send(method, path, **sent)
            failed = answer.is_server_error
        except httpx2.HTTPError:
            failed = True
            raise
        finally:
            self.breaker.settle(trying=trying, failed=failed)
        return answer


def install(process: Process, settings: Settings) -> None:
    """Put a breaker before the calls to each provider, as before those to other services."""
    is_open = Gauge(
        "provider_breaker_open",
        "Whether a provider is left alone, as it keeps failing.",
        ["provider"],
        registry=process.state.metrics.registry,
    )
    for name, provider in process.state.payment_providers.known.items():
        breaker = Breaker(settings.breaker_calls, settings.breaker_share, settings.breaker_pause)
        provider.calls.send = Guarded(provider.calls.send, breaker)
        is_open.labels(name).set_function(partial(_opened, breaker))


lifespan = no_lifespan


def _opened(breaker: Breaker) -> float:
    return float(breaker.is_open)
