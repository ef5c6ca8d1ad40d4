import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Final, Literal

from asyncpg.exceptions import TargetServerAttributeNotMatched
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database, DatabaseSettings
from chassis.problems import Overloaded, Unavailable
from chassis.replica.settings import ReplicaSettings

type Outcome = Literal["replica", "behind", "away", "resting"]
"""Where a list was read: from the replica, or why from the first database."""

_AWAY = (Unavailable, Overloaded, DBAPIError, TimeoutError, TargetServerAttributeNotMatched)
# What is stored is in the log up to here; whoever asks now may know of all of it.
_WRITTEN = text("SELECT pg_current_wal_flush_lsn()::text")
_FOLLOWS = text(
    "SELECT pg_is_in_recovery(), pg_last_wal_replay_lsn() >= CAST(CAST(:written AS text) AS pg_lsn)"
)
_FIRST_WAIT: Final = 0.001


class _BehindError(Exception):
    """The replica does not have what was written before."""


class ReplicatedDatabase(Database):
    """A database with a replica, from which lists are read.

    The replica is asked only once it has all that was written before the question: nobody is shown
    less than they wrote, through whichever instance. When it is away or too far behind, lists are
    read from the database itself, and the replica is left alone for a moment.
    """

    def __init__(
        self,
        settings: DatabaseSettings,
        replica: Database,
        bounds: ReplicaSettings,
        count: Callable[[Outcome], None],
    ) -> None:
        super().__init__(settings)
        self.replica = replica
        self.engines += replica.engines
        self._bounds = bounds
        self._count = count
        self._alone_until = 0.0

    async def read[T](self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Do the work on the replica if that is up to date, else here."""
        outcome: Outcome = "resting"
        if time.monotonic() >= self._alone_until:
            try:
                found = await self._read_from_replica(work)
            except _BehindError:
                outcome = "behind"
            except _AWAY:
                outcome = "away"
            else:
                self._count("replica")
                return found
            self._alone_until = time.monotonic() + self._bounds.replica_pause
        self._count(outcome)
        return await super().read(work)

    async def close(self) -> None:
        """Close every connection, those to the replica, too."""
        await self.replica.close()
        await super().close()

    async def _read_from_replica[T](self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        patience = self._bounds.replica_patience
        written = await super().read(_written)
        async with AsyncExitStack() as stack:
            # Over an address that does not answer, also connecting takes its time.
            async with asyncio.timeout(2 * patience):
                connection = await stack.enter_async_context(self.replica.connect())
                await _caught_up(connection, written, patience)
            return await work(connection)


async def _written(connection: AsyncConnection) -> str:
    return str(await connection.scalar(_WRITTEN))


async def _caught_up(connection: AsyncConnection, written: str, patience: float) -> None:
    """Wait until the replica has what was written; mostly it has. Raises _BehindError."""
    end, wait = time.monotonic() + patience, _FIRST_WAIT
    while True:
        follows, has = (await connection.execute(_FOLLOWS, {"written": written})).one()
        if follows and has:
            return
        if not follows:  # it leads by now: another connection finds the one that follows
            await connection.invalidate()
        if not follows or time.monotonic() + wait > end:
            raise _BehindError
        await asyncio.sleep(wait)
        wait *= 2
