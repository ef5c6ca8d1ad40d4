"""How long the oldest entry has waited for its seal, as a metric."""

from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from chassis.audit.log.seals import Seals


def told_by(seals: Seals) -> Callable[[], Coroutine[Any, Any, Iterable[Metric]]]:
    """Give what is asked at every scrape."""

    async def waiting() -> Iterable[Metric]:
        oldest = "How long the oldest entry of the audit log has waited for its seal."
        seconds = await seals.waiting_s()
        return [GaugeMetricFamily("audit_unsealed_seconds", oldest, value=seconds)]

    return waiting
