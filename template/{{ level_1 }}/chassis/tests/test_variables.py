"""Tests see no variable that they did not set."""

import os

from pydantic_settings import BaseSettings

from chassis.testing.variables import forget_settings


class Settings(BaseSettings, env_prefix="GARDEN_"):
    """Settings of a service."""

    size: int = 1


def test_what_settings_read_is_forgotten() -> None:
    environment = {"GARDEN_SIZE": "2", "garden_size": "3", "PGPORT": "1", "PATH": "/bin"}

    forget_settings(environment)

    assert environment == {"PATH": "/bin"}


def test_it_is_so_from_the_first_test_on() -> None:
    before = dict(os.environ)

    forget_settings(os.environ)

    assert dict(os.environ) == before
