"""Events that RabbitMQ refused: which they are and why; ``--again`` has them sent again.

``python -m chassis_rabbitmq.refused_events [--again]``, with DATABASE_URL that of the data service.
"""

import asyncio
import sys
from argparse import ArgumentParser
from collections.abc import Sequence

from pydantic import ValidationError

from chassis.database import Database, DatabaseSettings
from chassis.problems import ProblemError
from chassis_rabbitmq.outbox.store import Outbox
from chassis_rabbitmq.rabbitmq_settings import Settings


def main(arguments: Sequence[str] | None = None) -> None:
    """List what was refused, or have it sent again."""
    parser = ArgumentParser(description="List the events that RabbitMQ refused.")
    parser.add_argument("--again", action="store_true", help="have them sent again")
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
    outbox = Outbox(database, Settings().event_max_bytes)
    try:
        await _tell(outbox, again=again)
    finally:
        await database.close()


async def _tell(outbox: Outbox, *, again: bool) -> None:
    for one in await outbox.refused():
        sys.stdout.write(f"{one.event}: {one.reason}\n")
    backlog = await outbox.backlog()
    said = f"{backlog.refused} refused, {backlog.waiting} waiting"
    said += f", the oldest for {backlog.oldest_s:.0f} s" if backlog.waiting else ""
    said += f"; {await outbox.try_again()} are sent again" if again else ""
    sys.stdout.write(f"{said}\n")


if __name__ == "__main__":
    main()
