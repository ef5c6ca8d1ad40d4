from typing import Protocol

from starlette.datastructures import State


class Process(Protocol):
    """What has the log: a business API, or a worker."""

    state: State
