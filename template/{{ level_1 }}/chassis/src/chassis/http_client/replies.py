from http import HTTPStatus

from pydantic import BaseModel, ValidationError

from chassis.http_client.client import Reply
from chassis.problems import (
    Conflict,
    FieldError,
    Invalid,
    NotFound,
    OutcomeUnknown,
    Outdated,
    Overloaded,
    ProblemError,
    TooLarge,
    Unavailable,
)
from chassis.problems.details import title_of

UNUSABLE_ANSWER = "A service that is needed for this failed."
UNKNOWN = "A service that is needed for this failed: it may be done or not."
BUSY = "A service that is needed for this has too much to do."


class _Problem(BaseModel):
    detail: str
    errors: list[FieldError] = []


def raise_for_problem(reply: Reply) -> None:
    """Raise what a reply that is not a success stands for.

    404 is NotFound, 409 is Conflict, 412 is Outdated, 413 is TooLarge, 422 is Invalid with the
    errors of the fields. Anything else is not the client's doing: Overloaded or Unavailable, where
    nothing was done, and OutcomeUnknown for a write of which nobody knows.
    """
    if HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES:
        return
    problem = _problem(reply)
    match reply.status:
        case HTTPStatus.NOT_FOUND:
            raise NotFound(problem.detail)
        case HTTPStatus.CONFLICT:
            raise Conflict(problem.detail, errors=problem.errors)
        case HTTPStatus.PRECONDITION_FAILED:
            raise Outdated(problem.detail)
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            raise TooLarge(problem.detail)
        case HTTPStatus.UNPROCESSABLE_ENTITY:
            raise Invalid(problem.detail, errors=problem.errors)
        case _:
            raise _failure(reply) from RuntimeError(f"status {reply.status}")


def _failure(reply: Reply) -> ProblemError:
    if reply.overload:
        return Overloaded(BUSY)
    if reply.method == "GET" or reply.done_nothing:
        return Unavailable(UNUSABLE_ANSWER)
    return OutcomeUnknown(UNKNOWN)


def _problem(reply: Reply) -> _Problem:
    try:
        return _Problem.model_validate_json(reply.body)
    except ValidationError:
        return _Problem(detail=title_of(reply.status))
