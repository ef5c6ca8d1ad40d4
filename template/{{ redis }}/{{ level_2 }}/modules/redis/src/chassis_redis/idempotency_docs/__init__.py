"""Idempotency keys in the documentation of a service: a header of every POST."""

from typing import Any

from fastapi import FastAPI

from chassis.feature import no_lifespan
from chassis.problems import responses
from chassis_redis.idempotency import HEADER

PARAMETER = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": (
        "Makes the request safe to repeat: it is carried out once, and a repeat with the same key"
        " and body gets the first answer. With another body it is refused with 409, and so is a"
        " repeat while the first request is still being worked on (`Retry-After` says when to"
        " come back). A new one for each thing that shall be done, such as a UUID."
    ),
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}

REFUSED = responses(409)


def install(app: FastAPI, _settings: object) -> None:
    """Complete the document when it is asked for."""
    written = app.openapi

    def completed() -> dict[str, Any]:
        if app.openapi_schema is None:
            _complete(written())
        return written()

    app.openapi = completed  # type: ignore[method-assign]  # as FastAPI documents it


lifespan = no_lifespan


def _complete(document: dict[str, Any]) -> None:
    for methods in document.get("paths", {}).values():
        if post := methods.get("post"):
            known = post.get("parameters", [])
            own = {one["name"].lower() for one in known}  # of a route that keeps keys itself
            post["parameters"] = known if HEADER.lower() in own else [*known, PARAMETER]
            answers = {str(status): answer for status, answer in REFUSED.items()}
            post["responses"] = dict(sorted((answers | post["responses"]).items()))
