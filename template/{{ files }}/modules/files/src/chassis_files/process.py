from typing import Protocol

from starlette.datastructures import State


class Process(Protocol):
    """What has files: a business API, or a worker."""

    state: State
