"""Push as metrics: what the tries have come to, by provider."""

from prometheus_client import Counter

from chassis.feature import no_lifespan
from chassis_realtime.devices import Kind
from chassis_realtime.push.providers import Outcome
from chassis_workers.process import Worker


def install(worker: Worker, _settings: object) -> None:
    """Count the tries."""
    state = worker.state
    if not state.push_providers:
        return
    tries = Counter(
        "pushes", "Tries to push.", ["provider", "outcome"], registry=state.metrics.registry
    )
    for kind in state.push_providers:  # known from the start: a first failure must show
        for outcome in Outcome:
            tries.labels(kind, outcome.value)

    def count(kind: Kind, outcome: Outcome) -> None:
        tries.labels(kind, outcome.value).inc()

    state.push.observers.append(count)


lifespan = no_lifespan
