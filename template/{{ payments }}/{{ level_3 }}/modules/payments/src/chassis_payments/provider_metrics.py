"""Metrics of the calls to providers: how long they took, and how they ended."""

import time
from http import HTTPStatus
from typing import Any

import httpx2
from prometheus_client import Histogram

from chassis.feature import no_lifespan
from chassis_payments.process import Process
from chassis_payments.providers.calling import NOT_LET_IN, Send

__all__ = ["Timed", "install", "lifespan"]

BUCKETS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30)
OUTCOMES = ("done", "refused", "locked_out", "busy", "failed", "lost")
"""`lost` had no answer; `refused` says nothing against the provider; `locked_out` is about our credentials."""


class Timed:
    """Makes calls, and tells of each."""

    def __init__(self, send: Send, provider: str, durations: Histogram) -> None:
        self._send = send
        self._provider = provider
        self._durations = durations
        for outcome in OUTCOMES:  # known from the start: a first failure must show
            durations.labels(provider, outcome)

    async def __call__(self, method: str, path: str, **sent: Any) -> httpx2.Response:
        """Make a call."""
        started, outcome = time.perf_counter(), "lost"
        try:
            answer = await self._send(method, path, **sent)
            outcome = _outcome(answer)
        finally:
            took = time.perf_counter() - started
            self._durations.labels(self._provider, outcome).observe(took)
        return answer


def install(process: Process, _settings: object) -> None:
    """Time the calls to each provider that has an account."""
    durations = Histogram(
        "provider_call_duration_seconds",
        "How long calls to providers took.",
        ["provider", "outcome"],
        buckets=BUCKETS,
        registry=process.state.metrics.registry,
    )
    for name, provider in process.state.payment_providers.known.items():
        provider.calls.send = Timed(provider.calls.send, name, durations)


lifespan = no_lifespan


def _outcome(answer: httpx2.Response) -> str:
    if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        return "busy"
    if answer.status_code in NOT_LET_IN:
        return "locked_out"
    if answer.is_client_error:
        return "refused"
    return "done" if answer.is_success else "failed"
