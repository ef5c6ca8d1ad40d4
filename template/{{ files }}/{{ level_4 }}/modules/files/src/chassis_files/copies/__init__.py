"""Copies: every clean file is copied to a second store, and stays there for a while once it is gone.

What has to be copied is kept by the data service, in the transaction that makes a file clean: a
worker that dies, or a second store that is away, loses none.
"""

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from chassis.background import Again, repeating
from chassis_files import storage
from chassis_files.copies.copying import Copies, CopyFiles
from chassis_files.copies.due import DueFiles
from chassis_files.copies.settings import Settings
from chassis_files.encryption import asked_of_store
from chassis_files.inspection import WAITS
from chassis_files.process import Process
from chassis_files.stored_files import StoredFiles

__all__ = ["Settings", "install", "lifespan", "second_store"]


def second_store(settings: Settings) -> storage.ObjectStorage:
    """Open the second store."""
    second = storage.Settings(
        files_url=settings.files_copy_url,
        files_s3_endpoint=settings.files_copy_s3_endpoint,
        files_s3_region=settings.files_copy_s3_region,
        files_s3_key_id=settings.files_copy_s3_key_id,
        files_s3_key=settings.files_copy_s3_key,
    )
    how, key = settings.files_copy_s3_encryption, settings.files_copy_s3_kms_key_id
    return storage.storage_of(second, asked_of_store(how, key))


def install(worker: Process, settings: Settings) -> None:
    """Open the second store, if one is named; copying begins when the worker runs."""
    state = worker.state
    state.copy_watchers = []
    if not settings.files_copy_url:
        state.copies = None
        return
    keep = dt.timedelta(days=settings.files_copy_keep_days)
    state.copies = Copies(second_store(settings), keep)
    state.derived_files.append(state.copies)
    state.copy_files = partial(_work, worker)


@asynccontextmanager
async def lifespan(worker: Process, settings: Settings) -> AsyncIterator[None]:
    """Copy until the worker stops."""
    state = worker.state
    if state.copies is None:
        yield
        return
    interval = settings.files_copy_interval
    works = Again(state.copy_files(), interval), Again(state.copies.forget, 60 * interval)
    async with repeating(*works, waits=WAITS):
        yield


def _work(worker: Process) -> CopyFiles:
    state = worker.state
    where = state.settings.data_api_url
    due, stored = DueFiles(state.http, where), StoredFiles(state.http, where)
    return CopyFiles(due, stored, state.storage, state.copies, state.copy_watchers)
