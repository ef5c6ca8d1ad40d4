import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator

from fastapi.concurrency import run_in_threadpool
from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Info,
    Metric,
    disable_created_metrics,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from chassis.environment import Service

logger = logging.getLogger(__name__)

PATIENCE_S = 1
"""Seconds that whoever is asked has to answer: Prometheus gives up on all of it after ten."""

type Source = Callable[[], Awaitable[Iterable[Metric]]]
"""Is asked at every scrape for what it takes a question to know, such as one to the database."""

disable_created_metrics()  # type: ignore[no-untyped-call]  # they double what is told


class Metrics:
    """What a service tells: its own metrics, those of its sources, and those of the process."""

    def __init__(self, service: Service) -> None:
        self.registry = CollectorRegistry()
        self.sources: list[Source] = []
        about = {
            "service_name": service.name,
            "service_version": service.version,
            "deployment_environment_name": service.environment,
        }
        Info("target", "What runs here.", registry=self.registry).info(about)

    async def told(self, accepted: str) -> tuple[bytes, str]:
        """Give all that is known now, in a format that is accepted, and its media type."""
        answers = await asyncio.gather(*(_answer(source) for source in self.sources))
        everything = _Everything([self.registry, REGISTRY], [m for found in answers for m in found])
        encode, media_type = choose_encoder(accepted)
        # In a thread: it takes milliseconds, and requests must not wait for it.
        return await run_in_threadpool(encode, everything), media_type


class _Everything(CollectorRegistry):
    """One registry of several, and of what sources have answered."""

    def __init__(self, registries: Iterable[Collector], answers: Iterable[Metric]) -> None:
        super().__init__()
        self._registries = registries
        self._answers = answers

    def collect(self) -> Iterator[Metric]:
        for registry in self._registries:
            yield from registry.collect()
        yield from self._answers


async def _answer(source: Source) -> list[Metric]:
    """Ask a source; where it has no answer there is no value, rather than an old one."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            return list(await source())
    except Exception as error:  # noqa: BLE001  # the others are told all the same
        logger.warning("A source of metrics has no answer: %s", type(error).__name__)
        return []
