"""Problems: every error of a service is answered as RFC 9457 problem details."""

from chassis.problems.details import FieldError, ProblemResponse
from chassis.problems.errors import (
    Conflict,
    Invalid,
    NotFound,
    OutcomeUnknown,
    ProblemError,
    Unavailable,
)
from chassis.problems.handlers import install, lifespan, map_errors
from chassis.problems.openapi import responses

__all__ = [
    "Conflict",
    "FieldError",
    "Invalid",
    "NotFound",
    "OutcomeUnknown",
    "ProblemError",
    "ProblemResponse",
    "Unavailable",
    "install",
    "lifespan",
    "map_errors",
    "responses",
]
