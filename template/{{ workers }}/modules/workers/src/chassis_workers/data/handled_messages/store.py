import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast

from pydantic_core import to_json
from sqlalchemy import Table, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database.engine import Change, Database
from chassis.problems import Conflict, ProblemError
from chassis_workers.data.handled_messages.model import HandledMessage
from chassis_workers.retention import RETENTION

logger = logging.getLogger(__name__)

CLEANING_INTERVAL_S = 3600

_TABLE = cast("Table", HandledMessage.__table__)
_STATUSES = {"add": HTTPStatus.CREATED, "change": HTTPStatus.OK, "remove": HTTPStatus.NO_CONTENT}


@dataclass(slots=True)
class _Write:
    """The request that is being answered, and whether its key is stored already."""

    key: str
    request: str
    recorded: bool = False


_write: ContextVar[_Write | None] = ContextVar("write", default=None)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a write was answered with."""

    status: int
    body: bytes


class HandledMessages:
    """The keys of the writes that were made for messages."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def writing(self, key: str, request: str) -> Iterator[None]:
        """Store the key with what is written inside."""
        token = _write.set(_Write(key, request))
        try:
            yield
        finally:
            _write.reset(token)

    async def answer(self, key: str, request: str) -> Answer | None:
        """Give what a write with this key was answered with, if there was one."""
        statement = select(_TABLE.c.status, _TABLE.c.stored).where(
            _TABLE.c.key == key, _TABLE.c.request == request
        )
        async with self._database.connect() as connection:
            row = (await connection.execute(statement)).first()
        return None if row is None else Answer(row[0], row[1].encode())

    async def record(self, connection: AsyncConnection, change: Change) -> None:
        """Store the key of the request that makes this change; raises Conflict if it is there.

        While another transaction stores the same key, this waits for its end.
        """
        write = _write.get()
        if write is None or write.recorded:
            return
        values: dict[str, Any] = {
            "key": write.key,
            "request": write.request,
            "status": _STATUSES[change.kind],
            "stored": to_json(dict(change.stored)).decode() if change.stored else "",
        }
        statement = insert(_TABLE).values(values).on_conflict_do_nothing()
        if not (await connection.execute(statement)).rowcount:
            raise Conflict("This write was made already.")
        write.recorded = True

    async def clean(self) -> None:
        """Forget the keys that are older than the retention."""
        statement = delete(_TABLE).where(_TABLE.c.handled_at < func.now() - RETENTION)
        async with self._database.begin() as connection:
            await connection.execute(statement)

    @asynccontextmanager
    async def cleaning(self) -> AsyncIterator[None]:
        """Clean from time to time."""
        task = asyncio.create_task(self._clean_regularly())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _clean_regularly(self) -> None:
        while True:
            await asyncio.sleep(CLEANING_INTERVAL_S)
            try:
                await self.clean()
            except ProblemError as error:
                logger.warning("Old keys of messages stay for now: %s", error)
