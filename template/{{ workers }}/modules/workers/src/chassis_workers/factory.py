"""Workers by the name of what makes them."""

import sys
from importlib import import_module

from chassis_workers.process import Worker


def worker_of(name: str) -> Worker:
    """Build the worker that a factory makes, given as MODULE:FUNCTION; exit if there is none."""
    module, _, function = name.partition(":")
    try:
        create = getattr(import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        sys.exit(f"{name}: must name a factory as MODULE:FUNCTION ({error})")
    worker: Worker = create()
    return worker
