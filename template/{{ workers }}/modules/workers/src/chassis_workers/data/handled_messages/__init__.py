"""Handled messages: a write that comes with a message's key is made once.

The key is stored in the transaction of the write, so that there is either both or nothing. A
request that makes several transactions is covered by its first one only. The same key with
another query or body is refused: it is another write, and was not made.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware import Middleware

from chassis_workers.data.handled_messages.middleware import HandledOnce
from chassis_workers.data.handled_messages.store import HandledMessages

__all__ = ["install", "lifespan"]


def install(app: FastAPI, _settings: object) -> None:
    """Keep the keys of writes, and answer a repeated one with what was stored."""
    app.state.handled_messages = HandledMessages(app.state.database)
    app.state.database.recorders.append(app.state.handled_messages.record)
    # The innermost, so that its answers pass through all the others.
    app.user_middleware.append(Middleware(HandledOnce, handled=app.state.handled_messages))


@asynccontextmanager
async def lifespan(app: FastAPI, _settings: object) -> AsyncIterator[None]:
    """Forget old keys while the application runs."""
    async with app.state.handled_messages.cleaning():
        yield
