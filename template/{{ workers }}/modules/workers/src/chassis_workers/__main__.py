"""Run a worker: ``python -m chassis_workers PACKAGE.main:create_worker``."""

import asyncio
import logging
import sys
from argparse import ArgumentParser
from collections.abc import Sequence

from chassis_rabbitmq.topology import TopologyError
from chassis_workers.factory import worker_of

logger = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the worker that a factory makes, and run it until the process is told to end."""
    parser = ArgumentParser(prog="python -m chassis_workers", description="Run a worker.")
    parser.add_argument("factory", help="what makes it: MODULE:FUNCTION")
    worker = worker_of(parser.parse_args(arguments).factory)
    try:
        asyncio.run(worker.run())
    except TopologyError as error:
        logger.error("%s", error)  # noqa: TRY400  # it says all in one line
        sys.exit(1)


if __name__ == "__main__":
    main()
