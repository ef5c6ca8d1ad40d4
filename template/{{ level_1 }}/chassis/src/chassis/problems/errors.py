"""Errors that a service expects, whoever raises them."""
# ruff: noqa: N818  # NotFound says all that NotFoundError would

from collections.abc import Mapping, Sequence
from typing import ClassVar

from chassis.problems.details import FieldError


class ProblemError(Exception):
    """An expected error, answered with ``status`` and ``detail``; the detail is public."""

    status: ClassVar[int]

    def __init__(self, detail: str, *, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)
        self.headers: Mapping[str, str] = {}
        """Sent with the answer."""


class NotFound(ProblemError):
    """What was asked for does not exist: 404."""

    status = 404


class Conflict(ProblemError):
    """The request contradicts what is stored: 409."""

    status = 409


class Outdated(ProblemError):
    """The record is not the one any more that the request counts on: 412."""

    status = 412


class VersionRequired(ProblemError):
    """The request has to say which version of the record it counts on: 428."""

    status = 428


class Invalid(ProblemError):
    """The request is understood and not acceptable: 422; ``field`` names the one to blame."""

    status = 422

    def __init__(
        self, detail: str, *, field: str | None = None, errors: Sequence[FieldError] = ()
    ) -> None:
        blamed = () if field is None else (FieldError(field, detail),)
        super().__init__(detail, errors=(*blamed, *errors))


class TooLarge(ProblemError):
    """The request is larger than what a service accepts: 413."""

    status = 413


class Unavailable(ProblemError):
    """Something this service depends on does not answer, and nothing was done: 503."""

    status = 503


class Overloaded(Unavailable):
    """There is too much to do already, and nothing was done: 503, never tried again by services."""


class OutcomeUnknown(ProblemError):
    """Nobody knows whether what was asked for was done: 504."""

    status = 504
