"""Run a worker: ``python -m chassis_workers PACKAGE.main:create_worker``."""

import asyncio
from argparse import ArgumentParser
from collections.abc import Sequence

from chassis_workers.factory import worker_of


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the worker that a factory makes, and run it until the process is told to end."""
    parser = ArgumentParser(prog="python -m chassis_workers", description="Run a worker.")
    parser.add_argument("factory", help="what makes it: MODULE:FUNCTION")
    worker = worker_of(parser.parse_args(arguments).factory)
    asyncio.run(worker.run())


if __name__ == "__main__":
    main()
