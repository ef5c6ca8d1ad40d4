"""Push as metrics: what the tries have come to, by provider, and how many pushes wait."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from prometheus_client import Counter, Metric
from prometheus_client.core import GaugeMetricFamily

from chassis.feature import no_lifespan
from chassis_realtime.devices import Kind
from chassis_realtime.push.providers import Outcome
from chassis_redis.redis_client import AWAY
from chassis_workers.process import Worker

if TYPE_CHECKING:
    from chassis_realtime.push.sending import Sending


def install(worker: Worker, _settings: object) -> None:
    """Count the tries, and what waits."""
    state = worker.state
    if not state.push_providers:
        return
    sending: Sending = state.push
    tries = Counter(
        "pushes", "Tries to push.", ["provider", "outcome"], registry=state.metrics.registry
    )
    for kind in state.push_providers:  # known from the start: a first failure must show
        for outcome in Outcome:
            tries.labels(kind, outcome.value)

    def count(kind: Kind, outcome: Outcome) -> None:
        tries.labels(kind, outcome.value).inc()

    async def waiting() -> Iterable[Metric]:
        found = GaugeMetricFamily("pushes_waiting", "Pushes that wait in Redis.")
        try:
            found.add_metric([], await sending.waiting.number())
        except AWAY:  # nobody knows
            return []
        return [found]

    sending.observers.append(count)
    state.metrics.sources.append(waiting)


lifespan = no_lifespan
