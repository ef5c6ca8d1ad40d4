"""What a service knows about itself."""

from importlib.metadata import version

import pytest
from fastapi import FastAPI
from pydantic import ValidationError

from chassis.app import build_app
from chassis.environment import Service
from chassis.features import FeatureSettings


def service_of(app: FastAPI) -> Service:
    service: Service = app.state.service
    return service


def test_the_name_is_made_from_the_title() -> None:
    app = build_app("Garden tools API", [], FeatureSettings())

    assert service_of(app) == Service("garden-tools-api", "0.1.0", "local")


def test_name_version_and_environment_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in {"NAME": "garden", "VERSION": "v7"}.items():
        monkeypatch.setenv(f"SERVICE_{name}", value)
    monkeypatch.setenv("APP_ENV", "staging")

    app = build_app("Tools", [], FeatureSettings())

    assert service_of(app) == Service("garden", "v7", "staging")
    assert app.version == "v7"


def test_an_installed_service_has_the_version_of_its_package() -> None:
    app = build_app("Tools", [], FeatureSettings(service_name="pydantic"))

    assert app.version == version("pydantic")


def test_an_environment_that_nobody_knows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_ENV", "prod")

    with pytest.raises(ValidationError, match="'local', 'test', 'staging' or 'production'"):
        FeatureSettings()
