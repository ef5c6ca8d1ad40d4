"""Inspection: a worker looks at the files that have come, and removes those that nobody wants."""

import datetime as dt
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from chassis.background import Again, repeating
from chassis_files.direct.opening import direct_storage
from chassis_files.inspection.clamd import Clamd
from chassis_files.inspection.looking import LookAtFiles
from chassis_files.inspection.settings import Settings
from chassis_files.inspection.sweeping import SweepFiles
from chassis_files.process import Process
from chassis_files.storage import storage_of
from chassis_files.stored_files import StoredFiles

__all__ = ["Settings", "install", "lifespan"]

logger = logging.getLogger(__name__)

WAITS = "Files wait"
IN_MEMORY = "memory://"
"""What is in the memory of the API, nobody else can look at."""


def install(worker: Process, settings: Settings) -> None:
    """Open the store, and prepare what the worker does: it begins when the worker runs."""
    worker.state.storage = storage_of(settings)
    worker.state.direct = direct_storage(settings, worker.state.storage)
    worker.state.file_watchers = []
    worker.state.derived_files = []
    worker.state.files_elsewhere = []
    worker.state.file_work = partial(_work, worker, settings)


@asynccontextmanager
async def lifespan(worker: Process, settings: Settings) -> AsyncIterator[None]:
    """Look at files, and sweep, until the worker stops."""
    if settings.files_url == IN_MEMORY:
        logger.warning("FILES_URL is not set: no file is looked at")
        yield
        return
    if settings.files_url.startswith("s3:") and not settings.files_clamd:
        logger.warning("FILES_CLAMD is not set: no file is scanned for viruses")
    look, sweep = worker.state.file_work()
    works = (
        Again(look, settings.files_look_interval, settings.files_idle_interval),
        Again(sweep, settings.files_sweep_interval),
    )
    try:
        async with repeating(*works, waits=WAITS):
            yield
    finally:
        await worker.state.direct.close()


def _work(worker: Process, settings: Settings) -> tuple[LookAtFiles, SweepFiles]:
    state, clamd = worker.state, settings.files_clamd
    stored = StoredFiles(state.http, state.settings.data_api_url)
    scanner = Clamd(clamd, settings.files_clamd_timeout) if clamd else None
    watchers, derived = state.file_watchers, state.derived_files
    look = LookAtFiles(stored, state.storage, settings, scanner, watchers, derived)
    pending_for = dt.timedelta(hours=settings.files_pending_hours)
    elsewhere = state.files_elsewhere
    return look, SweepFiles(stored, state.storage, state.direct, pending_for, elsewhere)
