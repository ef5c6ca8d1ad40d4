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
from chassis_files.direct.opening import direct_storage
from chassis_files.encryption import asked_of_store
from chassis_files.inspection import WAITS
from chassis_files.process import Process
from chassis_files.stored_files import StoredFiles

__all__ = ["Settings", "copies_in", "install", "lifespan"]


def copies_in(settings: Settings) -> Copies:
    """Open the second store."""
    second = storage.Settings(
        files_url=settings.files_copy_url,
        files_s3_endpoint=settings.files_copy_s3_endpoint,
        files_s3_region=settings.files_copy_s3_region,
        files_s3_key_id=settings.files_copy_s3_key_id,
        files_s3_key=settings.files_copy_s3_key,
    )
    how, key = settings.files_copy_s3_encryption, settings.files_copy_s3_kms_key_id
    store = storage.storage_of(second, asked_of_store(how, key))
    keep = dt.timedelta(days=settings.files_copy_keep_days)
    return Copies(store, direct_storage(second, store), keep)


def install(worker: Process, settings: Settings) -> None:
    """Open the second store, if one is named; copying begins when the worker runs."""
    state = worker.state
    state.copy_watchers = []
    if not settings.files_copy_url:
        state.copies = None
        return
    state.copies = copies_in(settings)
    state.files_elsewhere.append(state.copies)
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
    try:
        async with repeating(*works, waits=WAITS):
            yield
    finally:
        await state.copies.direct.close()


def _work(worker: Process) -> CopyFiles:
    state = worker.state
    where = state.settings.data_api_url
    due, stored = DueFiles(state.http, where), StoredFiles(state.http, where)
    return CopyFiles(due, stored, state.storage, state.copies, state.copy_watchers)
