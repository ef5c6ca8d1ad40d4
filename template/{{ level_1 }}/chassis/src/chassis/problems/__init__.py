"""Problems: every error of a service is answered as RFC 9457 problem details."""

from chassis.problems.details import OVERLOADED, FieldError, ProblemResponse
from chassis.problems.errors import (
    Conflict,
    Invalid,
    NotFound,
    OutcomeUnknown,
    Outdated,
    Overloaded,
    ProblemError,
    TooLarge,
    Unavailable,
    VersionRequired,
)
from chassis.problems.handlers import install, lifespan, map_errors
from chassis.problems.openapi import responses

__all__ = [
    "OVERLOADED",
    "Conflict",
    "FieldError",
    "Invalid",
    "NotFound",
    "OutcomeUnknown",
    "Outdated",
    "Overloaded",
    "ProblemError",
    "ProblemResponse",
    "TooLarge",
    "Unavailable",
    "VersionRequired",
    "install",
    "lifespan",
    "map_errors",
    "responses",
]
