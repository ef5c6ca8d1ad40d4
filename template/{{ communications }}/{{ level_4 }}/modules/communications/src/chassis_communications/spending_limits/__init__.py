"""Limits of what messages may cost, and of SMS to the numbers of one range: asked before each attempt."""

from prometheus_client import Counter

from chassis.feature import no_lifespan
from chassis_communications.kept_costs import KeptCosts
from chassis_communications.spending_limits.decisions import NotOneRange, WithinBudget
from chassis_communications.spending_limits.settings import Settings
from chassis_workers.process import Worker

__all__ = ["Settings", "install", "lifespan"]

LIMITS = ("cost", "range")


def install(worker: Worker, settings: Settings) -> None:
    """Have it decided, and count what was held back."""
    held = Counter(
        "messages_held_back",
        "Messages that were not sent, as a limit was reached.",
        ["limit"],
        registry=worker.state.metrics.registry,
    )
    cost, range_ = (held.labels(limit) for limit in LIMITS)

    def kept() -> KeptCosts:
        return KeptCosts(worker.state.http, worker.state.settings.data_api_url)

    worker.state.messages.decisions.extend(
        [NotOneRange(kept, settings, range_.inc), WithinBudget(kept, settings, cost.inc)]
    )


lifespan = no_lifespan
