"""One update at a time, and what a killed one left."""

from collections.abc import Iterator
from contextlib import contextmanager

from .copier import killed, put_back_missing
from .journal import NAME, Journal
from .reasons import FINISHED, PUT_BACK, TAKEN_BACK
from .repository import GitError, Repository

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


@contextmanager
def exclusive(repository: Repository) -> Iterator[None]:
    """Be the only update at work in a working tree; a kill ends it too."""
    with (repository.folder / f"{NAME}.lock").open("ab") as stream:
        if fcntl:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise GitError(
                    "another update is at work here; try again when it is done"
                ) from None
        yield


def recover(repository: Repository) -> str:
    """Finish or take back what a kill left half-done, and say so."""
    journal = Journal(repository)
    if not journal.folder.exists():
        return ""
    with exclusive(repository):
        if not journal.folder.exists():
            return ""
        finished, begun = journal.finished, journal.begun
        journal.take_back()
    if not begun:
        return ""
    return FINISHED if finished else TAKEN_BACK


def recover_copier(repository: Repository) -> str:
    """Put back what an update by Copier took away and was killed before it did so itself.

    What it wrote is not taken back here: somebody may have gone on working since.
    """
    if not killed(repository):
        return ""
    missing = put_back_missing(repository)
    return PUT_BACK.format(paths=", ".join(missing)) if missing else ""
