"""Problem details in the OpenAPI document."""

from typing import Any

from chassis.problems.details import MEDIA_TYPE, title_of, type_of

_TEXT = {"type": "string"}


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Document the problems that a route or router answers: ``responses=responses(404, 422)``."""
    return {status: _response(status) for status in statuses}


def _response(status: int) -> dict[str, Any]:
    return {
        "description": title_of(status),
        "content": {MEDIA_TYPE: {"schema": _schema(status)}},
    }


def _schema(status: int) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "type": {"type": "string", "format": "uri", "const": type_of(status)},
        "title": _TEXT,
        "status": {"type": "integer", "const": status},
        "detail": _TEXT,
        "instance": _TEXT,
    }
    required = list(properties)
    properties["errors"] = {"type": "array", "items": _FIELD_ERROR}
    return {
        "title": "Problem",
        "type": "object",
        "properties": properties,
        "required": required,
    }


_FIELD_ERROR = {
    "type": "object",
    "properties": {"field": _TEXT, "detail": _TEXT},
    "required": ["field", "detail"],
}
