"""Cache: what data services have answered, until it is too old or something was written.

It stands in front of ``app.state.http``: adapters call as before. Answers of one collection, which
is the first part of a path after the version, go out of use with every write to that collection.
While Redis is away every call goes to the data service.
"""

from collections.abc import Iterable

from pydantic import NonNegativeFloat, PositiveFloat
from pydantic_settings import BaseSettings

from chassis.feature import Host, no_lifespan
from chassis_redis.cache.answers import Answers, CacheSettings
from chassis_redis.cache.http import CachedHttp

__all__ = ["Settings", "install", "lifespan"]


class Settings(BaseSettings):
    """Settings of the cache."""

    cache_ttl: NonNegativeFloat = 30
    """Seconds for which an answer is used at most; 0 turns the cache off."""
    cache_pause: PositiveFloat = 5
    """Seconds that Redis is left alone after it failed."""
    cached_services: frozenset[str] = frozenset({"data_api"})
    """The services whose answers are kept: `data_api` is the one at the setting `data_api_url`."""
    cache_ignored_headers: frozenset[str] = frozenset({"traceparent", "tracestate", "baggage"})
    """Headers of a call that no answer depends on. One with any other header is kept apart: what
    was answered with one token, or to one tenant, is for no other."""


def install(host: Host, settings: CacheSettings) -> None:
    """Put the cache in front of the calls to the data services."""
    addresses = list(_addresses(settings))
    if addresses and settings.cache_ttl:
        answers = Answers(host.state.redis, settings)
        host.state.http = CachedHttp(
            host.state.http, answers, addresses, settings.cache_ignored_headers
        )


lifespan = no_lifespan


def _addresses(settings: CacheSettings) -> Iterable[str]:
    named = (getattr(settings, f"{name}_url", "") for name in sorted(settings.cached_services))
    return (str(address).rstrip("/") for address in named if address)
