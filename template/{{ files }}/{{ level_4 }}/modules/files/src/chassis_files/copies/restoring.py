"""Restoring files from the second store, in earnest or to see whether it could be done.

``python -m chassis_files.copies.restoring PACKAGE.main:create_worker [--put-back]``, with the
settings of the worker. Without ``--put-back`` it is a drill: every copy is restored into an empty
folder and compared with what is known of the file.
"""

import asyncio
import datetime as dt
import sys
from argparse import ArgumentParser
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from obstore.store import LocalStore

from chassis.problems import ProblemError
from chassis_files.copies.copying import Place, copied, thumbnail_copy, transferred
from chassis_files.files import StoredFileQuery, StoredFileRead
from chassis_files.keys import key_of, made
from chassis_files.storage import ObjectStorage
from chassis_files.stored_files import StoredFiles
from chassis_files.thumbnail_key import thumbnail_key
from chassis_workers.factory import worker_of

COPIED_WITHIN = dt.timedelta(hours=1)
"""A file that is not copied by then is what the alert FilesNotCopied is about."""
NO_COPIES = "FILES_COPY_URL is not set: there is no second store"


@dataclass
class Report:
    """What came of it."""

    files: int = 0
    size: int = 0
    failed: list[str] = field(default_factory=list)

    def count(self, file: StoredFileRead, *, done: bool) -> None:
        """Take a file into account."""
        if done:
            self.files += 1
            self.size += file.size or 0
        else:
            self.failed.append(str(file.id))


@dataclass(frozen=True, slots=True)
class Restore:
    """Brings files from the second store to where they should be."""

    stored: StoredFiles
    storage: ObjectStorage
    second: ObjectStorage

    async def drill(self) -> Report:
        """Restore every file into an empty folder, one after the other; the latest may not be copied."""
        report, before = Report(), dt.datetime.now(dt.UTC) - COPIED_WITHIN
        with TemporaryDirectory(prefix="files-drill-") as folder:
            scratch = ObjectStorage(LocalStore(Path(folder)))
            async for file in self._clean(before):
                target = scratch, str(file.id)
                restored = await transferred(file, (self.second, str(file.id)), target)
                report.count(file, done=restored and await _is_there(file, target))
                await scratch.delete(str(file.id))
        return report

    async def put_back(self) -> Report:
        """Restore what the store does not have, or has in another size, with its thumbnail."""
        report = Report()
        async for file in self._clean():
            target = self.storage, key_of(file)
            if not await _is_there(file, target):
                done = await transferred(file, (self.second, str(file.id)), target)
                report.count(file, done=done)
            if file.made_by:
                await self._put_thumbnail_back(file, file.made_by)
        return report

    async def _put_thumbnail_back(self, file: StoredFileRead, made_by: str) -> None:
        small = thumbnail_key(made(file.id, made_by))
        if await self.storage.size(small) is None:
            await copied((self.second, thumbnail_copy(str(file.id))), (self.storage, small))

    async def _clean(self, before: dt.datetime | None = None) -> AsyncIterator[StoredFileRead]:
        asked = StoredFileQuery(
            state="clean", released=False, created_at_max=before, sort="created_at", limit=100
        )
        while True:
            page = await self.stored.list(asked)
            for file in page.items:
                yield file
            if page.next_cursor is None:
                return
            asked = asked.model_copy(update={"cursor": page.next_cursor})


async def _is_there(file: StoredFileRead, where: Place) -> bool:
    storage, key = where
    return await storage.size(key) == file.size


async def run(factory: str, *, put_back: bool) -> Report:
    """Do it with what a worker has."""
    worker = worker_of(factory)
    state = worker.state
    if state.copies is None:
        sys.exit(NO_COPIES)
    stored = StoredFiles(state.http, state.settings.data_api_url)
    restore = Restore(stored, state.storage, state.copies.store)
    try:
        return await (restore.put_back() if put_back else restore.drill())
    finally:
        await state.http.close()


def main(arguments: Sequence[str] | None = None) -> None:
    """Say what came of it; exit with 1 if a file could not be restored."""
    parser = ArgumentParser(description="Restore files from the second store, or try to.")
    parser.add_argument("factory", help="what makes the worker: MODULE:FUNCTION")
    parser.add_argument("--put-back", action="store_true", help="restore what the store lacks")
    given = parser.parse_args(arguments)
    try:
        report = asyncio.run(run(given.factory, put_back=given.put_back))
    except ProblemError as error:
        sys.exit(error.detail)
    sys.stdout.write(f"{report.files} files with {report.size} bytes were restored.\n")
    if report.failed:
        told = ", ".join(report.failed[:20])
        sys.exit(f"{len(report.failed)} files could not be restored: {told}")


if __name__ == "__main__":
    main()
