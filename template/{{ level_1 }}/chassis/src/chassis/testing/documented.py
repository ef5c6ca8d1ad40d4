"""Every status that a test is answered with has to be in the OpenAPI document of the application."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI
    from starlette.types import Message, Receive, Scope, Send


@pytest.fixture(scope="session")
def undocumented() -> Iterator[list[str]]:
    """Give what was answered, and is in no document."""
    from fastapi import FastAPI  # noqa: PLC0415  # as in the plugin

    found: list[str] = []
    called = FastAPI.__call__

    async def watched(app: FastAPI, scope: Scope, receive: Receive, send: Send) -> None:
        statuses: list[int] = []

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])
            await send(message)

        await called(app, scope, receive, noted)
        if scope["type"] == "http" and hasattr(app.state, "settings"):
            found.extend(_missing(app, scope, status) for status in statuses)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FastAPI, "__call__", watched)
        yield found


@pytest.fixture(autouse=True)
def documented(undocumented: list[str]) -> Iterator[None]:
    """Fail a test that was answered what nobody is told of."""
    yield
    missing = sorted({*filter(None, undocumented)})
    undocumented.clear()
    if missing:
        pytest.fail(f"in no OpenAPI document: {', '.join(missing)}", pytrace=False)


def _missing(app: FastAPI, scope: Scope, status: int) -> str:
    """Name an answer that is in no document; nothing for what has no operation."""
    from chassis.access_log.routes import route_of  # noqa: PLC0415

    route, method = scope.get("route"), "get" if scope["method"] == "HEAD" else scope["method"]
    # What the route says itself needs no document, which takes a while to write.
    if status in {getattr(route, "status_code", None) or 200, *getattr(route, "responses", ())}:
        return ""
    path = route_of(scope)
    operation = app.openapi()["paths"].get(path, {}).get(method.lower())
    is_told = operation is None or str(status) in operation["responses"]
    return "" if is_told else f"{scope['method']} {path} {status}"
