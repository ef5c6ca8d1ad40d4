"""Docs: the pages ``/docs`` and ``/redoc``, with all they need served from here.

They work without the internet, and nobody else learns who reads them.
"""

from importlib.resources import files

import fastapi_offline
from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from chassis.feature import no_lifespan

ASSETS = "/docs/assets"


def install(app: FastAPI, _settings: object) -> None:
    """Add the pages of a service that has an OpenAPI document."""
    if not app.openapi_url:
        return
    app.mount(ASSETS, StaticFiles(directory=str(files(fastapi_offline) / "static")))
    app.add_route("/docs", _swagger_ui, include_in_schema=False)
    app.add_route("/redoc", _redoc, include_in_schema=False)


lifespan = no_lifespan


async def _swagger_ui(request: Request) -> HTMLResponse:
    app, below = request.app, _prefix(request)
    return get_swagger_ui_html(
        openapi_url=f"{below}{app.openapi_url}",
        title=f"{app.title} - Swagger UI",
        swagger_js_url=f"{below}{ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{below}{ASSETS}/swagger-ui.css",
        swagger_favicon_url=f"{below}{ASSETS}/favicon.png",
        swagger_ui_parameters=app.swagger_ui_parameters,
    )


async def _redoc(request: Request) -> HTMLResponse:
    app, below = request.app, _prefix(request)
    return get_redoc_html(
        openapi_url=f"{below}{app.openapi_url}",
        title=f"{app.title} - ReDoc",
        redoc_js_url=f"{below}{ASSETS}/redoc.standalone.js",
        redoc_favicon_url=f"{below}{ASSETS}/favicon.png",
        with_google_fonts=False,
    )


def _prefix(request: Request) -> str:
    """Give the path below which a proxy has put the service."""
    return str(request.scope.get("root_path", "")).rstrip("/")
