"""How a data service is put together."""

from collections.abc import Iterable, Mapping

from fastapi import APIRouter, FastAPI

from chassis.app import assemble
from chassis.database.features import DATA_FEATURES, DataSettings
from chassis.features import BUSINESS_FEATURES, FEATURES


def build_data_app(
    title: str,
    routers: Iterable[APIRouter],
    settings: DataSettings,
    problems: Mapping[type[Exception], int] | None = None,
) -> FastAPI:
    """Build a service as ``build_app`` does, with a Database at ``app.state.database``."""
    common = [feature for feature in FEATURES if feature not in BUSINESS_FEATURES]
    return assemble(title, routers, settings, [*common, *DATA_FEATURES], problems)
