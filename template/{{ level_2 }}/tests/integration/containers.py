"""Servers in containers, where Docker is."""

import gc
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True)
class Choice:
    """Which server is used, and why."""

    kind: str
    reason: str


def why_no_container(image: str) -> str:
    """Say why there can be no container of this image, if so."""
    with quiet():
        reason = _fault(image)
        gc.collect()  # what failed must not complain later, in the middle of a test
    return reason


@contextmanager
def quiet() -> Iterator[None]:
    """Leave the warnings of libraries about themselves to their authors."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _fault(image: str) -> str:
    try:
        _look_for(image)
    except Exception as error:  # noqa: BLE001  # whatever it is, there is no server
        return f"no container: {str(error).partition('\n')[0][:100]}"
    return ""


def _look_for(image: str) -> None:
    docker: Any = import_module("docker")  # only where it is asked for
    client = docker.from_env(timeout=60)
    try:
        client.ping()
        try:
            client.images.get(image)
        except docker.errors.ImageNotFound:
            client.images.pull(image)
    finally:
        client.close()
