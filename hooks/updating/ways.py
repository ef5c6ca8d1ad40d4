"""What stands in the way in the folder itself: also what git ignores, overlooks or does not know."""

import os
from collections.abc import Iterator
from pathlib import Path

from .outcome import Outcome
from .reasons import FOREIGN, HIDDEN, IGNORED, UNKNOWN, Conflict
from .repository import Repository
from .trees import FOLDER, LINK, Entry, above, kind_at


def in_the_way(repository: Repository, outcome: Outcome) -> tuple[Conflict, ...]:
    """Everything that would be lost, or written through, if the outcome were written now."""
    found: dict[str, str] = {}
    for path in outcome.touched:
        for place, reason in _around(repository, outcome, path):
            found.setdefault(place, reason)
    for path in outcome.added:
        if reason := _taken(repository, outcome, path):
            found.setdefault(path, reason)
    for path in _differing(repository, outcome):
        found.setdefault(path, HIDDEN)
    return tuple(Conflict(path, found[path]) for path in sorted(found))


def _around(repository: Repository, outcome: Outcome, path: str) -> Iterator[tuple[str, str]]:
    """Folders that are none, or not this repository's."""
    for folder in above(path):
        place = repository.project / folder
        kind = kind_at(place)
        if kind is None or folder in outcome.removed:
            return
        if kind != FOLDER:
            yield folder, _unknown(repository, folder, kind)
            return
        if os.path.lexists(place / ".git"):
            yield folder, FOREIGN
            return


def _taken(repository: Repository, outcome: Outcome, path: str) -> str:
    """Why nothing new can be put at a place."""
    kind = kind_at(repository.project / path)
    if kind is None or (kind == FOLDER and _goes(repository, outcome, path)):
        return ""
    if any(folder in outcome.removed for folder in above(path)):
        return ""
    return _unknown(repository, path, kind)


def _goes(repository: Repository, outcome: Outcome, folder: str) -> bool:
    """Say whether everything in a folder is taken away by the update itself."""
    removed = set(outcome.removed)
    top = repository.project
    files = [Path(place) / name for place, _, names in os.walk(top / folder) for name in names]
    return bool(files) and all(file.relative_to(top).as_posix() in removed for file in files)


def _unknown(repository: Repository, path: str, kind: str) -> str:
    ignored = repository.ignored(path)
    return (IGNORED if ignored else UNKNOWN).format(kind=kind)


def _differing(repository: Repository, outcome: Outcome) -> list[str]:
    """Files to be replaced that are not what git believes them to be."""
    expected = {path: outcome.before[path] for path in (*outcome.removed, *outcome.changed)}
    top = repository.project
    differing = [path for path, entry in expected.items() if not _fits(top / path, entry)]
    files = [
        path for path, entry in expected.items() if entry.mode != LINK and path not in differing
    ]
    told = repository.lines(files)
    top_level = repository.path("--show-toplevel")
    names = repository.git("hash-object", "--stdin-paths", stdin=told, at=top_level)
    pairs = zip(files, names.decode().split(), strict=True)
    return [*differing, *(path for path, name in pairs if name != expected[path].name)]


def _fits(place: Path, entry: Entry) -> bool:
    """Say whether a place has at least the kind that git has for it."""
    return kind_at(place) == entry.kind or (entry.mode == LINK and kind_at(place) == "file")
