"""Demo: a page that shows what happens, at /realtime-demo; for development only."""

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from pydantic_settings import BaseSettings

from chassis.feature import no_lifespan
from chassis_realtime.audiences import declared_audiences
from chassis_realtime.demo.page import page

PATH = "/realtime-demo"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'unsafe-inline';"
    " style-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
}
"""What is in the page may run; without this a gateway in front of it would have nothing run."""


class Settings(BaseSettings):
    """Settings of the demo."""

    realtime_demo: bool = False
    """Whether the page is there."""


def install(app: FastAPI, settings: Settings) -> None:
    """Add the page, if it is wanted."""
    if not settings.realtime_demo:
        return
    text = page(app.title, list(declared_audiences()))

    @app.get(PATH, include_in_schema=False)
    async def show_demo() -> HTMLResponse:
        return HTMLResponse(text, headers=HEADERS)

    app.state.public.add(PATH)


lifespan = no_lifespan
