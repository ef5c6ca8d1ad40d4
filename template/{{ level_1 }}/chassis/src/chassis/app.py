"""How an application is put together: features first, then the service's own routers."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from chassis.feature import Feature
from chassis.features import FEATURES, FeatureSettings
from chassis.problems import map_errors


def build_app(
    title: str,
    routers: Iterable[APIRouter],
    settings: FeatureSettings,
    problems: Mapping[type[Exception], int] | None = None,
) -> FastAPI:
    """Build a service: the features, its routers, and the status that answers each of its errors.

    The settings are at ``app.state.settings``.
    """
    return assemble(title, routers, settings, FEATURES, problems)


def assemble[SettingsT: FeatureSettings](
    title: str,
    routers: Iterable[APIRouter],
    settings: SettingsT,
    features: Iterable[Feature[SettingsT]],
    problems: Mapping[type[Exception], int] | None = None,
) -> FastAPI:
    """Do what ``build_app`` does with a list of features of one's own."""
    installed = list(features)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.stopping = asyncio.Event()  # set when the service is told to: streams end then
        async with AsyncExitStack() as stack:  # closes in reverse order
            for feature in installed:
                await stack.enter_async_context(feature.lifespan(app, settings))
            yield

    app = FastAPI(
        title=title,
        lifespan=lifespan,
        docs_url=None,  # chassis.docs has the pages
        redoc_url=None,
        redirect_slashes=False,  # it would send clients where the Host header says
        generate_unique_id_function=_operation_id,
    )
    app.state.settings = settings
    app.state.streams = set[str]()  # paths whose answers go on for as long as clients read
    app.state.public = set[str]()  # paths that are for everybody, whoever may read the others
    app.state.exposed_headers = ["ETag", "Location", "Retry-After"]  # what browsers may read
    for router in routers:  # first, so that no route of a feature hides one of the service
        app.include_router(router)
    for feature in installed:
        feature.install(app, settings)
    map_errors(app, problems or {})
    return app


def _operation_id(route: APIRoute) -> str:
    """Name an operation as its function is named: short, and the same after every change."""
    return route.name
