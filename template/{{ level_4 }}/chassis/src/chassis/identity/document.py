"""Tokens in the OpenAPI document: the documentation has a place to enter one."""

from typing import Any

from fastapi import FastAPI

from chassis.identity.rules import PUBLIC
from chassis.problems import responses

SCHEME = "token"


def describe(app: FastAPI) -> None:
    """Complete the document when it is asked for."""
    written = app.openapi

    def completed() -> dict[str, Any]:
        if app.openapi_schema is None:
            _complete(app, written())
        return written()

    app.openapi = completed  # type: ignore[method-assign]  # as FastAPI documents it


def _complete(app: FastAPI, document: dict[str, Any]) -> None:
    schemes = document.setdefault("components", {}).setdefault("securitySchemes", {})
    schemes[SCHEME] = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    refusals = {str(status): said for status, said in responses(401, 403).items()}
    for path, methods in document.get("paths", {}).items():
        for method, operation in methods.items():
            if app.state.rules.permission_for(method.upper(), path) == PUBLIC:
                continue
            operation["security"] = [{SCHEME: []}]
            operation["responses"] = dict(sorted({**refusals, **operation["responses"]}.items()))
