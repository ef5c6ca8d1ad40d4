"""How a migration gets at a database that others use: it waits its turn, and holds nobody up."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import stamina
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from chassis.database.settings import DatabaseSettings

logger = logging.getLogger(__name__)

PATIENCE = 30
"""Seconds that the database gets to come up."""
STARTING_UP = "57P03"
LOCKED = "55P03"
# Any number that nothing else locks: services that start together must not migrate together.
TURN = 7_043_321_975
_POLL_S = 0.2


class TablesInUse(Exception):  # noqa: N818  # the tables are in use; that is what it says
    """Others held a lock that a migration needs, for as long as it had patience."""

    def __init__(self, patience: float) -> None:
        super().__init__(
            f"tables were in use for {patience:g} s. What was applied before stays, the rest is not"
            " applied. End the long query (see pg_stat_activity), then run it again."
        )


async def migrate(
    engine: AsyncEngine, settings: DatabaseSettings, run: Callable[[Connection], None]
) -> None:
    """Run migrations when it is this process's turn, again and again while tables are in use.

    Whoever waits for a lock on a table makes all others wait behind him. So a migration gives up
    after a moment, lets them pass, and tries again.
    """
    await _wait_for(engine)
    async with engine.connect() as connection, _turn(connection):
        milliseconds = round(settings.migration_lock_timeout * 1000)
        await connection.execute(text(f"SET lock_timeout = {milliseconds}"))
        await connection.commit()
        try:
            await _patiently(connection, settings, run)
        except DBAPIError as error:
            if _sqlstate(error) != LOCKED:
                raise
            raise TablesInUse(settings.migration_patience) from error


async def _patiently(
    connection: AsyncConnection, settings: DatabaseSettings, run: Callable[[Connection], None]
) -> None:
    async for attempt in stamina.retry_context(
        on=_in_use,
        attempts=None,
        timeout=settings.migration_patience,
        wait_initial=settings.migration_lock_timeout,
        wait_max=5,
    ):
        with attempt:
            await connection.rollback()  # of the attempt before
            await connection.run_sync(run)


@asynccontextmanager
async def _turn(connection: AsyncConnection) -> AsyncIterator[None]:
    """Wait until nobody else migrates.

    It asks now and then: a statement that waits would be one of those that an index waits for
    which is built concurrently.
    """
    ask, give_back = (
        text("SELECT pg_try_advisory_lock(:turn)"),
        text("SELECT pg_advisory_unlock(:turn)"),
    )
    while not await connection.scalar(ask, {"turn": TURN}):
        await connection.commit()
        await asyncio.sleep(_POLL_S)
    await connection.commit()
    try:
        yield
    finally:
        await connection.rollback()
        await connection.execute(give_back, {"turn": TURN})
        await connection.commit()


async def _wait_for(engine: AsyncEngine) -> None:
    """Wait until the database takes connections, for as long as ``PATIENCE``."""
    async for attempt in stamina.retry_context(
        on=_may_pass, attempts=None, timeout=PATIENCE, wait_initial=0.2, wait_max=2
    ):
        with attempt:
            async with engine.connect():
                pass


def _may_pass(error: Exception) -> bool:
    if isinstance(error, DBAPIError):
        return _sqlstate(error) == STARTING_UP
    return isinstance(error, OSError)


def _in_use(error: Exception) -> bool:
    in_use = isinstance(error, DBAPIError) and _sqlstate(error) == LOCKED
    if in_use:
        logger.warning("A table is in use: others pass, then the migration tries again.")
    return in_use


def _sqlstate(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""
