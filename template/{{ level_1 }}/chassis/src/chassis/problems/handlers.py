"""Every way in which a request can fail, answered as a problem."""

import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.utils import is_body_allowed_for_status_code
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.access_log.routes import route_of
from chassis.effects import may_have_changed, watched
from chassis.feature import no_lifespan
from chassis.problems.details import FieldError, OverloadResponse, ProblemResponse
from chassis.problems.errors import Overloaded, ProblemError, Unavailable
from chassis.problems.openapi import complete
from chassis.problems.telling import described, text_of

logger = logging.getLogger(__name__)

UNEXPECTED = "Something went wrong on our side."
UNREADABLE = "The body cannot be read."
NO_JSON = "The body must be JSON, and its Content-Type application/json."
INVALID = "The request is not valid."
LONGEST_NAME = 100
RETRY = {"Retry-After": "1"}

# These messages of pydantic quote what was sent.
_PLAIN_MESSAGES = {
    "uuid_parsing": "Input should be a valid UUID",
    "union_tag_invalid": "Input should have one of the known tags",
}


def install(app: FastAPI, _settings: object) -> None:
    """Answer each error of the framework, of the chassis and of nobody as a problem."""
    app.exception_handlers |= {
        HTTPException: _http_exception,
        RequestValidationError: _validation_error,
        ProblemError: _problem_error,
        Exception: _unexpected_error,  # outside of every middleware: the server logs it
    }
    app.add_middleware(UnexpectedErrors)
    _complete_document(app)


lifespan = no_lifespan


def _complete_document(app: FastAPI) -> None:
    written = app.openapi

    def completed() -> dict[str, Any]:
        if app.openapi_schema is None:
            complete(written())
        return written()

    app.openapi = completed  # type: ignore[method-assign]  # as FastAPI documents it


def map_errors(app: FastAPI, statuses: Mapping[type[Exception], int]) -> None:
    """Answer each kind of error with its status, and its text as the detail.

    An error with a ``field`` has that field named in ``errors``. The text of an error that is
    answered with 500 or above is not sent.
    """
    for kind, status in statuses.items():
        app.add_exception_handler(kind, _answer_with(status))


class UnexpectedErrors:
    """Logs an error that nobody expected, with its traceback, and answers without its text."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def observed(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            with watched():
                await self.app(scope, receive, observed)
        except Exception:
            if started:  # too late for an answer: the server logs it and cuts the connection
                raise
            logger.exception("Unexpected error in %s %s", scope["method"], route_of(scope))
            await _internal_error(scope["path"])(scope, receive, send)


async def _http_exception(request: Request, error: HTTPException) -> Response:
    if not is_body_allowed_for_status_code(error.status_code):
        return Response(status_code=error.status_code, headers=error.headers)
    detail = error.detail if isinstance(error.detail, str) else None
    return ProblemResponse(
        error.status_code, instance=request.url.path, detail=detail, headers=error.headers
    )


async def _validation_error(request: Request, error: RequestValidationError) -> Response:
    errors = error.errors()
    if any(item["type"] == "json_invalid" for item in errors):
        return ProblemResponse(HTTPStatus.BAD_REQUEST, instance=request.url.path, detail=UNREADABLE)
    if _is_of_another_type(request, errors):
        return ProblemResponse(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            instance=request.url.path,
            detail=NO_JSON,
            headers={"Accept": "application/json"},
        )
    return ProblemResponse(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        instance=request.url.path,
        detail=INVALID,
        errors=[FieldError(_field(item["loc"]), _message(item)) for item in errors],
    )


def _is_of_another_type(request: Request, errors: Sequence[Any]) -> bool:
    """Tell whether a body that a route takes as JSON is none, by its own account."""
    if not any(item["loc"] == ("body",) for item in errors):
        return False
    headers = request.headers
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    is_json = media_type == "application/json" or media_type.endswith("+json")
    length = headers.get("content-length", "0")
    return not is_json and (length != "0" or "transfer-encoding" in headers)


async def _problem_error(request: Request, error: ProblemError) -> Response:
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log(request, error)
    answer = OverloadResponse if isinstance(error, Overloaded) else ProblemResponse
    return answer(
        error.status,
        instance=request.url.path,
        detail=error.detail,
        errors=error.errors,
        headers={**error.headers, **_when_again(error)},
    )


def _when_again(error: ProblemError) -> dict[str, str]:
    """Invite to try again where nothing was done, and by no earlier call of this request either."""
    if isinstance(error, Unavailable) and not may_have_changed():
        return RETRY
    return {}


async def _unexpected_error(request: Request, _error: Exception) -> Response:
    return _internal_error(request.url.path)


def _internal_error(path: str) -> ProblemResponse:
    return ProblemResponse(HTTPStatus.INTERNAL_SERVER_ERROR, instance=path, detail=UNEXPECTED)


def _answer_with(status: int) -> Callable[[Request, Exception], Coroutine[Any, Any, Response]]:
    async def answer(request: Request, error: Exception) -> Response:
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            _log(request, error)
            return ProblemResponse(status, instance=request.url.path)
        detail = str(error)
        field = getattr(error, "field", None)
        errors = [FieldError(field, detail)] if isinstance(field, str) else []
        return ProblemResponse(status, instance=request.url.path, detail=detail, errors=errors)

    return answer


def _log(request: Request, error: Exception) -> None:
    cause = f" ({described(error.__cause__)})" if error.__cause__ else ""
    text = f"{text_of(error)}{cause}"
    logger.warning("%s %s: %s", request.method, route_of(request.scope), text)


def _field(location: tuple[str | int, ...]) -> str:
    """Name a field as the client knows it: without the part of the request it came in."""
    return field_of(location[1:] or location)


def field_of(path: Iterable[str | int]) -> str:
    """Name a field by the way to it: ``items.0.price``."""
    return ".".join(str(part)[:LONGEST_NAME] for part in path)


def _message(error: Mapping[str, Any]) -> str:
    """Say what is wrong without repeating what was sent."""
    message: str = error["msg"]
    if "reason" in error.get("ctx", {}):  # an e-mail address: the reason quotes it
        message = message.partition(":")[0]
    return _PLAIN_MESSAGES.get(error["type"], message)
