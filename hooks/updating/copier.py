"""What Copier itself does to a project: refusing what it would break, and taking back the rest.

It reads and writes whatever stands at a path of the template's, through links too, and takes every
file that ends in `.rej` for its own. What git does not know no later step could bring back.
"""

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from .outcome import Outcome
from .reasons import BREAKS, DELETED, HIDDEN, NAMELESS, REJECTED, Conflict
from .repository import GitError, Repository, split
from .trees import FOLDER, above, committed, kind_at

# What is kept of before Copier: every path that it may write, files that git does not know, and the
# number of its process.
NAME, PATHS, FILES, PROCESS = "ferrata-update.aside", "paths.json", "files", "process"
SUFFIX = ".rej"
# What is written once by Copier is written twice more by what follows.
TIMES = 3
SHA_1_DIGITS = 40


def in_copiers_way(repository: Repository, outcome: Outcome) -> Iterator[Conflict]:
    """What Copier would fall over in the middle of an update, or destroy."""
    found: dict[str, str] = {}
    for path in sorted(outcome.template):
        if place := _breaks(repository.project, path):
            found.setdefault(*place)
    yield from (Conflict(place, BREAKS.format(kind=kind)) for place, kind in found.items())
    yield from (Conflict(path, HIDDEN) for path in _overlooked(repository, outcome))
    unknown = _unknown(repository)
    yield from (Conflict(path, REJECTED) for path in unknown if path.endswith(SUFFIX))
    names = [*unknown, *split(repository.git("ls-files", "-z"))]
    yield from (Conflict(path, NAMELESS) for path in names if not _is_text(path))
    yield from (Conflict(path, DELETED) for path in _deleted(repository))


def _breaks(project: Path, path: str) -> tuple[str, str] | None:
    """The place at or above a path that is of a kind that Copier does not expect there."""
    there = os.path.lexists(project / path)
    for folder in above(path):
        kind = kind_at(project / folder)
        if kind is None:
            return None
        if kind == FOLDER:
            continue
        # Copier stops with an error at what leads out of the project.
        if kind != "link" or not there or not _inside(project, folder):
            return folder, kind
    kind = kind_at(project / path)
    return None if kind in {None, "file", "link"} else (path, str(kind))


def _inside(project: Path, path: str) -> bool:
    return (project / path).resolve().is_relative_to(project.resolve())


def _overlooked(repository: Repository, outcome: Outcome) -> Iterator[str]:
    """Files that differ though git was told to overlook that: putting files back would not."""
    told = split(repository.git("ls-files", "-v", "-z"))
    flagged = [line[2:] for line in told if not line.startswith("H")]
    yield from (path for path in flagged if not _as_committed(repository, outcome, path))


def _as_committed(repository: Repository, outcome: Outcome, path: str) -> bool:
    entry, place = outcome.before.get(path), repository.project / path
    if entry is None or entry.kind != kind_at(place):
        return entry is None
    return entry.kind != "file" or repository.hash_of(path) == entry.name


def _unknown(repository: Repository) -> list[str]:
    """What git ignores or does not know: Copier goes through all of it, in the whole repository."""
    flags = ("--ignored", "--untracked-files=normal", "--no-renames")
    told = repository.git("status", "--porcelain", "-z", *flags)
    return [line[3:] for line in split(told) if line.startswith(("!! ", "?? "))]


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _deleted(repository: Repository) -> list[str]:
    """Files that somebody deleted elsewhere in a larger repository; the project itself is clean."""
    top_level = repository.path("--show-toplevel")
    return split(repository.git("ls-files", "-z", "--deleted", at=top_level))


def need_known_names(repository: Repository) -> None:
    """Stop in a repository whose names Copier would look up in one of its own, of SHA-1."""
    if len(repository.head) > SHA_1_DIGITS:
        raise GitError("Copier cannot update a SHA-256 repository, `ferrata climb` can")


def need_room(repository: Repository, outcome: Outcome) -> None:
    """Stop if the disk would be full in the middle of what Copier writes, where nothing helps."""
    if not hasattr(os, "statvfs"):
        return
    disk = os.statvfs(repository.project)
    files = [file for file in (repository.scratch / "new").rglob("*") if file.is_file()]
    bytes_needed = TIMES * sum(file.stat().st_size for file in files)
    free = disk.f_bavail * disk.f_frsize
    if free < bytes_needed:
        raise GitError(f"{free >> 20} MB are free here, it may need {(bytes_needed >> 20) + 1} MB")
    # A file system that makes inodes as it needs them says that it has none.
    if disk.f_files and disk.f_favail < TIMES * len(outcome.template):
        raise GitError(f"there is room for {disk.f_favail} more files only")


def put_aside(repository: Repository, outcome: Outcome) -> None:
    """Write down where Copier may write, with a copy of what stands there and is unknown to git.

    It is the owners', such as `deploy/local/` that they ignore, and Copier may delete it.
    """
    aside = repository.folder / NAME
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    try:
        (aside / PROCESS).write_text(f"{os.getppid()}")
        (aside / PATHS).write_text(json.dumps(sorted(outcome.template)), "utf-8")
        _copy_aside(repository, outcome, aside / FILES)
    except BaseException:
        shutil.rmtree(aside)
        raise


def _copy_aside(repository: Repository, outcome: Outcome, files: Path) -> None:
    files.mkdir()
    for path in outcome.template - outcome.before.keys():
        place = repository.project / path
        if os.path.lexists(place):
            (files / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(place, files / path, follow_symlinks=False)


def put_back(repository: Repository) -> None:
    """Let everything that was put aside be there again."""
    put_back_missing(repository)
    # What remains of it is in nobody's way.
    shutil.rmtree(repository.folder / NAME, ignore_errors=True)


def put_back_missing(repository: Repository) -> list[str]:
    """The same, and keep the copies; give what was missing."""
    files, missing = repository.folder / NAME / FILES, []
    for path in sorted(_kept(files)):
        place = repository.project / path
        if not os.path.lexists(place):
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(files / path, place, follow_symlinks=False)
            missing.append(path)
    return missing


def killed(repository: Repository) -> bool:
    """Say whether an update by Copier ended without having been taken back."""
    return (repository.folder / NAME).exists() and not _at_work(repository)


def forget_killed(repository: Repository) -> None:
    """Remove what is kept for one; of one that is at work nothing is touched."""
    if killed(repository):
        shutil.rmtree(repository.folder / NAME, ignore_errors=True)


def _at_work(repository: Repository) -> bool:
    if os.name == "nt":  # a signal there is none that only asks
        return False
    try:
        os.kill(int((repository.folder / NAME / PROCESS).read_text()), 0)
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return True


def _kept(files: Path) -> Iterator[str]:
    for folder, inner, names in os.walk(files):
        links = [name for name in inner if (Path(folder) / name).is_symlink()]
        for name in (*names, *links):
            yield (Path(folder) / name).relative_to(files).as_posix()


def take_copier_back(repository: Repository) -> None:
    """Make the files those of the last commit again.

    Copier updates clean projects alone, and `before_update.py` saw to it that nothing unknown to
    git lies where the template may write, but for what it put aside: what else is new at such a
    place is Copier's.
    """
    aside, before = repository.folder / NAME, committed(repository)
    for path in set(_written_down(aside / PATHS)) - before.keys():
        if not os.path.lexists(aside / FILES / path):
            _remove(repository.project, path)
    for path in before:
        if f"{path}{SUFFIX}" not in before:
            _remove(repository.project, f"{path}{SUFFIX}")
    repository.git("checkout", "--quiet", "HEAD", "--", ".")
    put_back(repository)


def _written_down(file: Path) -> Iterable[str]:
    try:
        return [str(path) for path in json.loads(file.read_text("utf-8"))]
    except ValueError:
        raise GitError(f"{file} cannot be read") from None


def _remove(project: Path, path: str) -> None:
    """Remove a file, and the folders that it leaves empty; behind a link it is not Copier's."""
    file = project / path
    if kind_at(file) in {None, FOLDER} or any((project / one).is_symlink() for one in above(path)):
        return
    file.unlink()
    folder = file.parent
    while folder != project and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
