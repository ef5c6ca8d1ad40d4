"""Tests see no variable that they did not set."""

import os
from typing import ClassVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import pytest
from pydantic_settings import BaseSettings

from chassis.testing.variables import forget_settings, pass_proxies_by


class Settings(BaseSettings, env_prefix="GARDEN_"):
    """Settings of a service."""

    shell_variables: ClassVar[tuple[str, ...]] = ("GARDENER", "WATER_*")

    size: int = 1


def test_what_settings_read_is_forgotten() -> None:
    environment = {"GARDEN_SIZE": "2", "garden_size": "3", "PGPORT": "1", "PATH": "/bin"}

    forget_settings(environment)

    assert environment == {"PATH": "/bin"}


def test_what_is_read_past_the_settings_is_forgotten_too() -> None:
    environment = {"GARDENER": "Ann", "GARDENERS": "2", "WATER_LEVEL": "3", "WATER": "4"}

    forget_settings(environment)

    assert environment == {"GARDENERS": "2", "WATER": "4"}


@pytest.mark.parametrize("told", [{}, {"NO_PROXY": "intranet"}, {"no_proxy": "intranet"}])
def test_this_machine_is_reached_past_a_proxy(
    told: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    environment = {"HTTP_PROXY": "http://proxy:3128", **told}

    pass_proxies_by(environment)

    for name, text in environment.items():
        monkeypatch.setenv(name, text)
    assert "http" in getproxies()
    for url in ("http://127.0.0.1:8000", "http://localhost", "http://[::1]:1"):
        assert proxy_bypass(str(urlsplit(url).hostname)), url
    assert bool(told) == bool(proxy_bypass("intranet"))


def test_it_is_so_from_the_first_test_on() -> None:
    before = dict(os.environ)

    forget_settings(os.environ)

    assert dict(os.environ) == before
