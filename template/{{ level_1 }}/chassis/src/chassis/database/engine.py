import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import AdaptedConnection, event
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncTransaction,
)

from chassis.database.connecting import engine_of, set_in_transactions
from chassis.database.errors import (
    NO_ANSWER,
    NO_CONFIRMATION,
    NO_CONNECTION,
    is_confirmed,
    is_outage,
)
from chassis.database.settings import DatabaseSettings, address
from chassis.exact import whole_or_broken
from chassis.problems import OutcomeUnknown, Overloaded, Unavailable


@dataclass(frozen=True, slots=True)
class Change:
    """One write to one record.

    ``values`` are the columns that were given; ``stored`` is the whole record as it is then, by
    column, and nothing after a removal.
    """

    kind: Literal["add", "change", "remove"]
    table: str
    id: UUID
    values: Mapping[str, Any]
    stored: Mapping[str, Any]


type Recorder = Callable[[AsyncConnection, Change], Awaitable[None]]


class Database:
    """A pool of connections, and those who take note of every write through a repository.

    Both ways to a connection raise Overloaded when none is free in time, and Unavailable when the
    database does not answer or the connection breaks: nothing was done then.
    """

    def __init__(self, settings: DatabaseSettings) -> None:
        self.settings = settings
        self.engine = _engine(settings, settings.database_pool_size)
        self._probing = _engine(settings, 1)  # load must not make it look as if it were away
        self.engines = [self.engine, self._probing]
        self.recorders: list[Recorder] = []
        self.max_page_bytes = settings.max_page_bytes
        # The pool lets newcomers pass those who wait for a connection; in a queue nobody does.
        self._places = settings.database_pool_size
        self._queue = asyncio.Semaphore(self._places)
        # One statement needs no BEGIN and ROLLBACK around it: a third of the round trips.
        # Behind a pooler each of these round trips could reach another connection.
        self._reading = (
            self.engine
            if settings.database_behind_pooler
            else self.engine.execution_options(isolation_level="AUTOCOMMIT")
        )

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction: committed at the end, rolled back on an error.

        Raises OutcomeUnknown when the connection breaks while it is committed.
        """
        async with self._connect(self.engine) as connection, connection.begin() as transaction:
            yield connection
            await _commit(transaction)

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[AsyncConnection]:
        """Open a connection on which each statement is a transaction of its own, for reading."""
        async with self._connect(self._reading) as connection:
            yield connection

    async def read[T](self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Give a connection as ``connect`` does to work that only reads, and can be done again."""
        async with self.connect() as connection:
            return await work(connection)

    async def ping(self) -> None:
        """Ask for an answer, over a connection of its own; raises Unavailable."""
        try:
            async with self._probing.connect() as connection:
                await connection.exec_driver_sql("SELECT 1")
        except (DBAPIError, PoolTimeoutError, OSError) as error:
            raise Unavailable(NO_ANSWER) from error

    async def close(self) -> None:
        """Close every connection; later use opens new ones, in another event loop if need be."""
        for engine in self.engines:
            await engine.dispose()
        self._queue = asyncio.Semaphore(self._places)

    @asynccontextmanager
    async def _connect(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        connected = False
        try:
            async with self._turn(), engine.connect() as connection:
                connected = True
                yield connection
        except PoolTimeoutError as error:
            raise Overloaded(NO_CONNECTION) from error
        except (DBAPIError, OSError) as error:  # OSError: time-outs, too
            if connected and not is_outage(error):
                raise
            raise Unavailable(NO_ANSWER) from error

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        queue = self._queue
        try:
            async with asyncio.timeout(self.settings.database_pool_timeout):
                await queue.acquire()
        except TimeoutError as error:
            raise Overloaded(NO_CONNECTION) from error
        try:
            yield
        finally:
            queue.release()


async def _commit(transaction: AsyncTransaction) -> None:
    try:
        await transaction.commit()
    except (DBAPIError, OSError) as error:  # OSError: time-outs, too
        if is_confirmed(error):
            raise
        raise OutcomeUnknown(NO_CONFIRMATION) from error


def _engine(settings: DatabaseSettings, connections: int) -> AsyncEngine:
    pooled = settings.database_behind_pooler
    server = {
        "statement_timeout": _milliseconds(settings.database_statement_timeout),
        "lock_timeout": _milliseconds(settings.database_lock_timeout),
        # A plan for any value is a bad one for the rare value: it reads the whole table.
        "plan_cache_mode": "force_custom_plan",
        # To it, the records without a value look like few, and they may be most of all.
        "enable_incremental_sort": "off",
    }
    engine = engine_of(
        address(settings),
        pooled=pooled,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=settings.database_pool_timeout,
        json_deserializer=partial(json.loads, parse_int=whole_or_broken),
        hide_parameters=True,  # what people sent does not belong in logs
        connect_args={
            "timeout": settings.database_connect_timeout,
            # For a server that hangs and cannot keep its own time, which gets a second more.
            "command_timeout": settings.database_statement_timeout + 1,
            "server_settings": {} if pooled else server,
        },
    )
    if pooled:
        set_in_transactions(engine, server)
    event.listen(engine.sync_engine, "checkout", _replace_if_closed)
    return engine


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))


def _replace_if_closed(connection: AdaptedConnection, *_: object) -> None:
    """Have the pool reconnect when the server closed an idle connection; asks nobody."""
    driver: Any = connection.driver_connection
    if driver.is_closed():
        raise DisconnectionError
