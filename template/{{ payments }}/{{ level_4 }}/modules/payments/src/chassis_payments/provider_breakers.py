"""A provider that keeps failing is left alone for a while: nothing is sent to it, so nothing is lost."""

from functools import partial
from operator import attrgetter

import httpx2
from prometheus_client import Gauge

from chassis import resilience
from chassis.feature import no_lifespan
from chassis.resilience import Breaker, LeftAlone, Settings
from chassis_payments.process import Process
from chassis_payments.providers.calling import Send

__all__ = ["Guarded", "LeftAlone", "install", "lifespan"]


class Guarded(resilience.Guarded[..., httpx2.Response]):
    """Makes calls while the breaker lets them pass; a refusal is no failure of the provider."""

    def __init__(self, send: Send, breaker: Breaker) -> None:
        super().__init__(send, breaker, (httpx2.HTTPError,), attrgetter("is_server_error"))


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
