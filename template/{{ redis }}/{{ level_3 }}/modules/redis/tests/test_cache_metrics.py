"""How often the cache finds an answer."""

from typing import TYPE_CHECKING

import pytest
from fastapi import FastAPI

from chassis.app import build_app
from chassis.features import FeatureSettings
from chassis_redis.cache.answers import Kept
from chassis_redis.cache.http import CachedHttp

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry


class Settings(FeatureSettings):
    data_api_url: str = "http://127.0.0.1:1"


def counted(app: FastAPI, result: str) -> float | None:
    registry: CollectorRegistry = app.state.metrics.registry
    return registry.get_sample_value("cache_lookups_total", {"result": result})


@pytest.mark.parametrize(
    ("kept", "result"),
    [
        (Kept(b"g", b"[]"), "hit"),
        (Kept(b"g"), "miss"),
        (Kept(), "bypass"),
    ],
)
async def test_a_look_is_counted_by_what_is_found(
    kept: Kept, result: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = build_app("Garden", [], Settings())
    http = app.state.http
    assert isinstance(http, CachedHttp)

    async def reached(_commands: object) -> Kept:
        return kept

    monkeypatch.setattr(http.answers, "_reach", reached)
    await http.answers.find("http://127.0.0.1:1/api/v1/beds", "any")

    told = {each: counted(app, each) for each in ("hit", "miss", "bypass")}
    assert told == {"hit": 0, "miss": 0, "bypass": 0, result: 1}


def test_without_a_cache_nothing_is_counted() -> None:
    app = build_app("Garden", [], Settings(cache_ttl=0))

    assert counted(app, "hit") == 0
