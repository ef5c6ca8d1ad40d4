"""The guards of the calls to other services as metrics."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from chassis.feature import Host, no_lifespan
from chassis.resilience.guards import Guards


def install(host: Host, _settings: object) -> None:
    """Tell of every service that was called."""
    host.state.metrics.registry.register(_Told(host.state.guards))


lifespan = no_lifespan


class _Told(Collector):
    def __init__(self, guards: Guards) -> None:
        self._guards = guards

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        breakers = GaugeMetricFamily(
            "http_client_breaker_open",
            "Whether a service is left alone, as it keeps failing.",
            labels=["server_address"],
        )
        refused = CounterMetricFamily(
            "http_client_refused",
            "Calls that were not made, or not waited for.",
            labels=["server_address", "reason"],
        )
        for service, guard in self._guards:
            breakers.add_metric([service], guard.breaker.is_open)
            refused.add_metric([service, "breaker"], guard.breaker.refused)
            refused.add_metric([service, "bulkhead"], guard.bulkhead.refused)
            refused.add_metric([service, "deadline"], guard.late)
        yield breakers
        yield refused
