"""Security headers: what browsers must not do with an answer.

A route that sets one of these headers itself is right: nothing is overwritten.
"""

from collections.abc import Mapping
from typing import Final

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.feature import no_lifespan

# As the OWASP REST Security Cheat Sheet has them. Strict-Transport-Security is the gateway's, which
# ends TLS.
ALWAYS: Final[Mapping[str, str]] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",  # for browsers that do not know frame-ancestors
}
DATA: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
"""Of what is no page and no part of one: nothing in it runs, and no cache keeps it."""
# The pages of the documentation have a script and styles inside, and everything else from here.
PAGE: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline';"
        " img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:;"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}
_PARTS_OF_PAGES = ("text/css", "text/javascript", "application/javascript", "image/", "font/")


def install(app: FastAPI, _settings: object) -> None:
    """Send the headers with every answer."""
    app.add_middleware(SecurityHeaders)


lifespan = no_lifespan


class SecurityHeaders:
    """Completes the headers of every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def completed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _wanted(headers.get("content-type", "")).items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, completed)


def _wanted(media_type: str) -> Mapping[str, str]:
    if media_type.startswith("text/html"):
        return {**ALWAYS, **PAGE}
    if media_type.startswith(_PARTS_OF_PAGES):
        return ALWAYS
    return {**ALWAYS, **DATA}
