"""Dead letters: what a worker could not handle, counted and given to it again.

``python -m chassis_workers.dead_letters PACKAGE.main:create_worker [--again]``. What failed, and
why, is in the worker's log. A message that is given again keeps its id, so that what it has
written is not written again while the data service keeps the keys of its writes.
"""

import asyncio
import sys
from argparse import ArgumentParser
from collections.abc import Sequence

from chassis_rabbitmq.broker import address
from chassis_rabbitmq.consuming.dead_letters import go_through
from chassis_rabbitmq.consuming.delivery import LOST
from chassis_workers.factory import worker_of
from chassis_workers.retention import RETENTION


def main(arguments: Sequence[str] | None = None) -> None:
    """Say how many there are in each queue of a worker, or give them to it again."""
    parser = ArgumentParser(description="Count the dead letters of a worker.")
    parser.add_argument("factory", help="what makes the worker: MODULE:FUNCTION")
    parser.add_argument("--again", action="store_true", help="have them tried again")
    given = parser.parse_args(arguments)
    worker = worker_of(given.factory)
    settings, queues = worker.state.settings, [queue.name for queue in worker.queues]
    where = address(settings).with_password(None)
    try:
        missing = asyncio.run(go_through(settings, queues, RETENTION, again=given.again))
    except LOST as error:
        sys.exit(f"{where} does not answer: {error}; RABBITMQ_URL must say where RabbitMQ is")
    if missing:
        sys.exit(
            f"{where} has no queue {', '.join(missing)}: a worker makes it when it first starts;"
            " RABBITMQ_URL must say where that was"
        )


if __name__ == "__main__":
    main()
