import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Self, cast

from pydantic_core import to_json
from sqlalchemy import Table, delete, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database.engine import Change, Database
from chassis.problems import Conflict, ProblemError
from chassis_workers.data.handled_messages.model import HandledMessage
from chassis_workers.retention import RETENTION

logger = logging.getLogger(__name__)

FIRST_CLEANING_S = 10
CLEANING_INTERVAL_S = 3600
BATCH = 1000
"""How many keys are forgotten at a time, which takes but a moment."""

_TABLE = cast("Table", HandledMessage.__table__)
_STATUSES = {"add": HTTPStatus.CREATED, "change": HTTPStatus.OK, "remove": HTTPStatus.NO_CONTENT}


@dataclass(slots=True)
class Write:
    """A write that comes with a key, and whether the key is stored already."""

    key: str
    request: str
    digest: bytes
    recorded: bool = False

    @classmethod
    def of(cls, key: str, request: str, query: bytes, body: bytes) -> Self:
        """Tell a write from others under its key by its query and its body."""
        digests = sha256(query).digest() + sha256(body).digest()
        return cls(key, request, sha256(digests).digest())


_write: ContextVar[Write | None] = ContextVar("write", default=None)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a write was answered with, and the digest that it had."""

    digest: bytes
    status: int
    body: bytes


class HandledMessages:
    """The keys of the writes that were made for messages."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def writing(self, write: Write) -> Iterator[None]:
        """Store the key with what is written inside."""
        token = _write.set(write)
        try:
            yield
        finally:
            _write.reset(token)

    async def answer(self, write: Write) -> Answer | None:
        """Give what a write with this key was answered with, if there was one."""
        columns = (_TABLE.c.digest, _TABLE.c.status, _TABLE.c.stored)
        statement = select(*columns).where(
            _TABLE.c.key == write.key, _TABLE.c.request == write.request
        )
        async with self._database.connect() as connection:
            row = (await connection.execute(statement)).first()
        return None if row is None else Answer(row[0], row[1], row[2].encode())

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
            "digest": write.digest,
            "status": _STATUSES[change.kind],
            "stored": to_json(dict(change.stored)).decode() if change.stored else "",
        }
        statement = insert(_TABLE).values(values).on_conflict_do_nothing()
        if not (await connection.execute(statement)).rowcount:
            raise Conflict("This write was made already.")
        write.recorded = True

    async def clean(self) -> None:
        """Forget the keys that are older than the retention."""
        names = (_TABLE.c.key, _TABLE.c.request)
        old = select(*names).where(_TABLE.c.handled_at < func.now() - RETENTION)
        # What another instance is about to forget is left to it.
        some = old.limit(BATCH).with_for_update(skip_locked=True)
        statement = delete(_TABLE).where(tuple_(*names).in_(some))
        forgotten = BATCH
        while forgotten == BATCH:
            async with self._database.begin() as connection:
                forgotten = (await connection.execute(statement)).rowcount

    @asynccontextmanager
    async def cleaning(self) -> AsyncIterator[None]:
        """Clean soon, and from time to time."""
        task = asyncio.create_task(self._clean_regularly())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _clean_regularly(self) -> None:
        await asyncio.sleep(FIRST_CLEANING_S)
        while True:
            try:
                await self.clean()
            except Exception as error:  # another time it may succeed
                unexpected = not isinstance(error, ProblemError)
                logger.warning("Old keys of messages stay for now: %s", error, exc_info=unexpected)
            await asyncio.sleep(CLEANING_INTERVAL_S)
