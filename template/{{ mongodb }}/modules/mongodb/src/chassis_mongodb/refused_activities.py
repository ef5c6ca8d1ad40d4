"""Activities that the document service refused: which and why; ``--again`` has them told again.

``python -m chassis_mongodb.refused_activities [--again]``, with DATABASE_URL that of the data service.
"""

import asyncio
import sys
from argparse import ArgumentParser
from collections.abc import Sequence

from pydantic import ValidationError

from chassis.database import Database, DatabaseSettings
from chassis.problems import ProblemError
from chassis_mongodb.telling.store import Untold


def main(arguments: Sequence[str] | None = None) -> None:
    """List what was refused, or have it told again."""
    parser = ArgumentParser(description="List the activities that the document service refused.")
    parser.add_argument("--again", action="store_true", help="have them told again")
    given = parser.parse_args(arguments)
    try:
        settings = DatabaseSettings()
    except ValidationError:
        sys.exit("DATABASE_URL must be that of the data service, such as postgresql://host/name")
    try:
        asyncio.run(_go_through(settings, again=given.again))
    except ProblemError as error:
        sys.exit(f"{error.detail} DATABASE_URL must be that of the data service")


async def _go_through(settings: DatabaseSettings, *, again: bool) -> None:
    database = Database(settings)
    try:
        await _tell(Untold(database), again=again)
    finally:
        await database.close()


async def _tell(untold: Untold, *, again: bool) -> None:
    for one in await untold.refused():
        sys.stdout.write(f"{one.activity}: {one.reason}\n")
    backlog = await untold.backlog()
    said = f"{backlog.refused} refused, {backlog.waiting} waiting"
    said += f", the oldest for {backlog.oldest_s:.0f} s" if backlog.waiting else ""
    said += f"; {await untold.try_again()} are told again" if again else ""
    sys.stdout.write(f"{said}\n")


if __name__ == "__main__":
    main()
