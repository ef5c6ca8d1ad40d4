"""Putting a previewed climb into the project, in one step that can be taken back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ferrata.base import Failure, deferred, progress, reason
from ferrata.climbing.preview import Preview
from ferrata.template import ANSWERS_FILE, updates


def recovered(repository: Any) -> list[str]:
    """Finish or take back what a killed climb left, put back what Copier took; give what was done."""
    machine = updates().updating()
    try:
        with deferred():
            done = [machine.recover(repository), machine.recover_copier(repository)]
            return [line for line in done if line]
    except (machine.GitError, machine.Stuck) as error:
        raise Failure(str(error)) from None
    except OSError as error:
        raise Failure(
            f"an update was killed half-way and cannot be taken back now: {reason(error)}; "
            "make room and try again, nothing is lost"
        ) from None


def apply(preview: Preview) -> list[str]:
    """Make the files and the index as the preview has them; the last commit stays what it is.

    A signal waits while files change places; while packages are pinned, it takes all back.
    """
    machine = updates().updating()
    with _one_line(machine), machine.exclusive(preview.repository):
        if machine.in_the_way(preview.repository, preview.outcome):
            raise machine.GitError("files were changed meanwhile")
        journal = machine.Journal(preview.repository)
        with _taken_back(machine, journal):
            with deferred():
                journal.begin(preview.outcome, ANSWERS_FILE)
                journal.write()
            with progress("Pinning the packages"):
                made, told = updates().make(preview.repository.project, journal, preview.outcome)
            with deferred():
                journal.finish(made)
    return [*preview.outcome.told, *told]


@contextmanager
def _one_line(machine: Any) -> Iterator[None]:
    try:
        yield
    except (machine.GitError, OSError) as error:
        why = reason(error) if isinstance(error, OSError) else error
        raise Failure(f"the climb could not be written: {why}; everything is as before") from None


@contextmanager
def _taken_back(machine: Any, journal: Any) -> Iterator[None]:
    """Undo everything if it does not come to its end."""
    try:
        yield
    except BaseException as error:
        try:
            with deferred():
                journal.take_back()
        except (machine.GitError, machine.Stuck, OSError) as fault:
            raise Failure(
                f"the climb could not be written ({error}) and not be taken back yet ({fault}); "
                "try again: that takes it back first, nothing is lost"
            ) from None
        raise
