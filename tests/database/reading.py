"""Run by a project's own Python, inside a project: lists on its replica, as the test asks for them.

Reads commands, a line each, and answers each with a line of JSON.
"""

import asyncio
import json
import sys

from chassis.database import Database
from chassis.database.features import DataSettings
from chassis.problems import Unavailable
from chassis.replica import ReplicatedDatabase
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


async def main(leader: str, follower: str) -> None:
    settings = DataSettings(database_url=leader, replica_database_url=follower)
    outcomes: list[str] = []
    second = Database(settings.model_copy(update={"database_url": settings.replica_database_url}))
    database = ReplicatedDatabase(settings, second, settings, outcomes.append)

    async def count(connection: AsyncConnection) -> int:
        return int(await connection.scalar(text("SELECT count(*) FROM loans")) or 0)

    async def add() -> None:
        async with database.begin() as connection:
            await connection.execute(text("INSERT INTO loans SELECT max(id) + 1, 1 FROM loans"))

    async def add_at_last() -> None:
        """Try again as callers do, who are told that nothing was done."""
        for _ in range(100):
            try:
                return await add()
            except Unavailable:
                await asyncio.sleep(0.1)
        return await add()

    for line in sys.stdin:
        outcomes.clear()
        seen = []
        for word in line.split():
            if word == "add":
                await add_at_last()
            elif word == "list":
                seen.append(await database.read(count))
            else:
                await asyncio.sleep(float(word))
        sys.stdout.write(json.dumps([seen, outcomes]) + "\n")
        sys.stdout.flush()
    await database.close()


asyncio.run(main(*sys.argv[1:]))
