"""What is told of the calls to providers."""

from typing import Any

import httpx2
import pytest
from starlette.datastructures import State

from chassis.environment import Service
from chassis.metrics import Metrics
from chassis.problems import ProblemError
from chassis_payments import provider_metrics
from chassis_payments.providers import Settings, providers_of


class Worker:
    """What has providers and metrics."""

    def __init__(self) -> None:
        self.state = State()
        self.state.metrics = Metrics(Service("books", "1", "test"))
        self.state.payment_providers = providers_of(Settings(stripe_url="http://a:b@127.0.0.1:1"))


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, "done"),
        (402, "refused"),
        (401, "locked_out"),
        (403, "locked_out"),
        (429, "busy"),
        (503, "failed"),
        (0, "lost"),
    ],
)
async def test_every_call_is_told_by_how_it_ended(status: int, outcome: str) -> None:
    worker = Worker()
    calls = worker.state.payment_providers.known["stripe"].calls

    async def send(method: str, path: str, **_: Any) -> httpx2.Response:
        if not status:
            raise httpx2.ReadTimeout("slow", request=httpx2.Request(method, f"http://x{path}"))
        return httpx2.Response(status, json={})

    calls.send = send
    provider_metrics.install(worker, None)
    try:
        await calls("POST", "/v1/refunds")
    except ProblemError:
        assert status != 200

    told = worker.state.metrics.registry.get_sample_value
    for each in provider_metrics.OUTCOMES:
        labels = {"provider": "stripe", "outcome": each}
        assert told("provider_call_duration_seconds_count", labels) == (each == outcome)
