"""The cache as metrics: how often an answer is found."""

from prometheus_client import Counter

from chassis.feature import Host, no_lifespan
from chassis_redis.cache.answers import Kept
from chassis_redis.cache.http import CachedHttp


def install(host: Host, _settings: object) -> None:
    """Count what the cache is asked for, if there is one."""
    lookups = Counter(
        "cache_lookups",
        "Answers that were looked for; `bypass`: the cache could not be used.",
        ["result"],
        registry=host.state.metrics.registry,
    )
    for result in ("hit", "miss", "bypass"):
        lookups.labels(result)
    if isinstance(host.state.http, CachedHttp):
        host.state.http.answers.observers.append(lambda kept: lookups.labels(_result(kept)).inc())


lifespan = no_lifespan


def _result(kept: Kept) -> str:
    if kept.body is not None:
        return "hit"
    return "miss" if kept.generation else "bypass"
