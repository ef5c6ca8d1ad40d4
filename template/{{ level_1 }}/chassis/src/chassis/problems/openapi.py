"""Problem details in the OpenAPI document: one schema, and every status that can occur."""

from collections.abc import Iterator
from http import HTTPMethod, HTTPStatus
from typing import Any, Final

from chassis.problems.details import MEDIA_TYPE, title_of

# Of the server, of the framework, and of what the service depends on: any request may get these.
_ALWAYS: Final = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.REQUEST_URI_TOO_LONG,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_WITH_BODY: Final = (HTTPStatus.UNSUPPORTED_MEDIA_TYPE,)
# Of what was sent on: nobody may know what became of it.
_WRITES: Final = (HTTPMethod.POST, HTTPMethod.PUT, HTTPMethod.PATCH, HTTPMethod.DELETE)
# What is not there in the version that If-Match names, or has none.
_CHANGES: Final = (HTTPMethod.PUT, HTTPMethod.PATCH, HTTPMethod.DELETE)
_OF_THE_FRAMEWORK: Final = ("HTTPValidationError", "ValidationError")
_INVALID: Final = str(HTTPStatus.UNPROCESSABLE_ENTITY.value)

_TEXT: Final = {"type": "string"}
_SCHEMAS: Final[dict[str, Any]] = {
    "ProblemDetails": {
        "title": "ProblemDetails",
        "type": "object",
        "description": "What went wrong (RFC 9457); `type` stays the same, whatever the wording.",
        "properties": {
            "type": {"type": "string", "format": "uri", "examples": ["urn:problem:not-found"]},
            "title": _TEXT,
            "status": {"type": "integer"},
            "detail": _TEXT,
            "instance": _TEXT,
            "errors": {"type": "array", "items": {"$ref": "#/components/schemas/ProblemField"}},
        },
        "required": ["type", "title", "status", "detail", "instance"],
    },
    "ProblemField": {
        "title": "ProblemField",
        "type": "object",
        "description": "What is wrong with one field, named by its path.",
        "properties": {"field": _TEXT, "detail": _TEXT},
        "required": ["field", "detail"],
    },
}
_UNCHANGED: Final = {"description": "It still has the ETag that If-None-Match names."}
_LOCATION: Final = {"description": "Where the new record is.", "schema": _TEXT}


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Document the problems that a route or router answers: ``responses=responses(404, 422)``."""
    return {status: _response(status) for status in statuses}


def complete(document: dict[str, Any]) -> None:
    """Add what is the same for all routes."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas |= _SCHEMAS
    for method, operation in _operations(document):
        answers = operation["responses"]
        if _INVALID in answers and MEDIA_TYPE not in answers[_INVALID].get("content", {}):
            answers[_INVALID] = _response(HTTPStatus.UNPROCESSABLE_ENTITY)
        statuses = [*_ALWAYS, *(_WITH_BODY if "requestBody" in operation else ())]
        if method == "get" and str(HTTPStatus.NOT_FOUND.value) in answers:  # one record
            answers.setdefault(str(HTTPStatus.NOT_MODIFIED.value), _UNCHANGED)
        statuses += [HTTPStatus.GATEWAY_TIMEOUT] if method.upper() in _WRITES else []
        statuses += [HTTPStatus.PRECONDITION_FAILED] if method.upper() in _CHANGES else []
        for status in statuses:
            answers.setdefault(str(status.value), _response(status))
        created = answers.get(str(HTTPStatus.CREATED.value))
        if created and method == "post":  # what is put is where it was put
            created.setdefault("headers", {}).setdefault("Location", _LOCATION)
        operation["responses"] = dict(sorted(answers.items()))
    for name in _OF_THE_FRAMEWORK:
        schemas.pop(name, None)
    document["components"]["schemas"] = dict(sorted(schemas.items()))


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    methods = {method.lower() for method in HTTPMethod}
    for path in document.get("paths", {}).values():
        yield from ((method, one) for method, one in path.items() if method in methods)


def _response(status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/ProblemDetails"}
    return {"description": title_of(status), "content": {MEDIA_TYPE: {"schema": schema}}}
