"""Metrics of messages, beside those of the worker: what they came to, and what they cost."""

from prometheus_client import Counter

from chassis.feature import no_lifespan
from chassis_communications.messages import MessageState, StoredMessageRead
from chassis_workers.process import Worker

TOLD = ("sent", "delivered", "bounced", "complained", "failed", "withheld", "unknown")
MILLION = 1_000_000


def install(worker: Worker, _settings: object) -> None:
    """Count what messages come to, and add up what they cost."""
    registry, providers = worker.state.metrics.registry, worker.state.message_providers
    states = Counter("messages", "What messages came to.", ["channel", "state"], registry=registry)
    cost = Counter(
        "message_cost",
        "What messages cost, in the currency that the provider bills in.",
        ["channel", "provider"],
        registry=registry,
    )
    for channel, provider in providers.items():  # known from the start: a first one shows
        cost.labels(channel, provider.name)
        for state in TOLD:
            states.labels(channel, state)

    def count(message: StoredMessageRead, to: MessageState) -> None:
        if to.state in TOLD:
            states.labels(message.channel, to.state).inc()
        more = 0 if to.cost is None else to.cost - (message.cost or 0)
        if more > 0:
            cost.labels(message.channel, providers[message.channel].name).inc(more / MILLION)

    worker.state.messages.observers.append(count)


lifespan = no_lifespan
