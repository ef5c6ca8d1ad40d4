"""Metrics of messages, beside those of the worker: what they came to, by channel and provider."""

from prometheus_client import Counter

from chassis.feature import no_lifespan
from chassis_communications.messages import MessageState, StoredMessageRead
from chassis_workers.process import Worker

TOLD = ("sent", "delivered", "bounced", "complained", "failed", "withheld", "unknown")


def install(worker: Worker, _settings: object) -> None:
    """Count what messages come to."""
    counter = Counter(
        "messages",
        "What messages came to.",
        ["channel", "state"],
        registry=worker.state.metrics.registry,
    )
    for channel in worker.state.message_providers:  # known from the start: a first one shows
        for state in TOLD:
            counter.labels(channel, state)

    def count(message: StoredMessageRead, to: MessageState) -> None:
        if to.state in TOLD:
            counter.labels(message.channel, to.state).inc()

    worker.state.messages.observers.append(count)


lifespan = no_lifespan
