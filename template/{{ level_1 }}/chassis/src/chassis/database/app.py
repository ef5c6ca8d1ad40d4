"""How a data service is put together."""

from collections.abc import Iterable, Mapping
from typing import cast

from fastapi import APIRouter, FastAPI

from chassis.app import assemble
from chassis.database.features import DATA_FEATURES, DataSettings
from chassis.database.settings import DatabaseSettings
from chassis.features import BUSINESS_FEATURES, FEATURES, FeatureSettings


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
    common = [feature for feature in FEATURES if feature not in BUSINESS_FEATURES]
    complete = cast("DataSettings", settings)
    return assemble(title, routers, complete, [*common, *DATA_FEATURES], problems)
