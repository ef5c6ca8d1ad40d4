"""What a feature is: something that every service has, in a folder of its own."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from fastapi import FastAPI
from starlette.datastructures import State


class Host(Protocol):
    """What features are installed in: a web application, or a process that serves no HTTP."""

    title: str
    version: str
    state: State


class Feature[SettingsT](Protocol):
    """A package with these two functions, and ``Settings`` where there is something to set.

    One that has nothing to do with HTTP takes any Host.
    """

    def install(self, app: FastAPI, settings: SettingsT, /) -> None:
        """Add middleware, handlers and state to an application that is being built."""

    def lifespan(self, app: FastAPI, settings: SettingsT, /) -> AbstractAsyncContextManager[None]:
        """Hold open what the feature needs while the application runs."""


@asynccontextmanager
async def no_lifespan(_host: Host, _settings: object) -> AsyncIterator[None]:
    """Serve as the lifespan of a feature that holds nothing open."""
    yield
