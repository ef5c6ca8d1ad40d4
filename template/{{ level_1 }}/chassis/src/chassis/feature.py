"""What a feature is: something that every service has, in a folder of its own."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from fastapi import FastAPI


class Feature[SettingsT](Protocol):
    """A package with these two functions, and ``Settings`` where there is something to set."""

    def install(self, app: FastAPI, settings: SettingsT, /) -> None:
        """Add middleware, handlers and state to an application that is being built."""

    def lifespan(self, app: FastAPI, settings: SettingsT, /) -> AbstractAsyncContextManager[None]:
        """Hold open what the feature needs while the application runs."""


@asynccontextmanager
async def no_lifespan(_app: FastAPI, _settings: object) -> AsyncIterator[None]:
    """Serve as the lifespan of a feature that holds nothing open."""
    yield
