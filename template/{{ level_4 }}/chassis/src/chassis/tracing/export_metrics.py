"""Whether spans are taken where they are sent, as a metric."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from chassis.feature import Host, no_lifespan
from chassis.tracing.spans import Tracing


def install(host: Host, _settings: object) -> None:
    """Tell of the spans that were sent."""
    host.state.metrics.registry.register(_Told(host.state.tracing))


lifespan = no_lifespan


class _Told(Collector):
    def __init__(self, tracing: Tracing) -> None:
        self._tracing = tracing

    def collect(self) -> Iterator[CounterMetricFamily]:
        spans = CounterMetricFamily(
            "trace_spans", "Spans that were sent, by what became of them.", labels=["outcome"]
        )
        for outcome, number in self._tracing.sent.items():
            spans.add_metric([outcome], number)
        yield spans
