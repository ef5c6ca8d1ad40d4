"""The deadline of a request as the calling service tells it.

Only services that are not public have this: whoever calls may say how long it waits.
"""

import re

from fastapi import FastAPI
from starlette.types import Scope

from chassis.deadlines.middleware import Deadline
from chassis.deadlines.time_left import HEADER
from chassis.feature import no_lifespan

_NAME = HEADER.lower().encode()
_MILLISECONDS = re.compile(rb"[0-9]{1,7}")  # up to hours; a longer one is no deadline


def install(app: FastAPI, _settings: object) -> None:
    """Work on a request for as long as its caller waits."""
    app.add_middleware(Deadline, seconds=_told)


lifespan = no_lifespan


def _told(scope: Scope) -> float | None:
    values = [value for name, value in scope["headers"] if name == _NAME]
    if len(values) == 1 and _MILLISECONDS.fullmatch(values[0]):
        return int(values[0]) / 1000
    return None
