"""Servers of tests: which one is used, and how it is taken away for a while."""

import gc
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol


@dataclass(frozen=True)
class Choice:
    """Which server is used, and why."""

    kind: str
    reason: str


class Startable(Protocol):
    """A server that runs on this machine."""

    def start(self) -> object:
        """Run it, with the data that it had."""

    def stop(self) -> None:
        """End it."""


def asked_for(variable: str, *kinds: str) -> Choice | None:
    """Give what a variable asks for; the last of the kinds, and why, if it is none of them."""
    asked = os.environ.get(variable, "")
    if not asked:
        return None
    if asked in kinds:
        return Choice(asked, f"{variable} asks for it")
    return Choice(kinds[-1], f"{variable} must be {' or '.join(kinds)}, got: {asked}")


@contextmanager
def stopped(server: Startable) -> Iterator[None]:
    """Take a server of this machine away for a while."""
    server.stop()
    try:
        yield
    finally:
        server.start()


@contextmanager
def paused(container: Any) -> Iterator[None]:
    """Take a server in a container away for a while."""
    wrapped = container.get_wrapped_container()
    wrapped.pause()
    try:
        yield
    finally:
        wrapped.unpause()


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
