"""How a data service is put together."""

from collections.abc import Iterable, Mapping

from fastapi import APIRouter, FastAPI

from chassis.app import assemble
from chassis.database.features import DATA_FEATURES
from chassis.database.settings import DatabaseSettings
from chassis.features import FEATURES, FeatureSettings


def build_data_app(
    title: str,
    routers: Iterable[APIRouter],
    settings: FeatureSettings,
    problems: Mapping[type[Exception], int] | None = None,
) -> FastAPI:
    """Build a service as ``build_app`` does, with a Database at ``app.state.database``.

    The settings must be DatabaseSettings too.
    """
    if not isinstance(settings, DatabaseSettings):
        raise TypeError("Settings must subclass FeatureSettings and DatabaseSettings")
    return assemble(title, routers, settings, [*FEATURES, *DATA_FEATURES], problems)
