"""The names of releases, and which of them ran here."""

import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tools.common import ToolError, UsageError, write_atomically

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
NONE = "none"
"""What Compose is told where no release is meant."""
_BEGUN = "begun"
_NO_COMMIT = "-"


@dataclass(frozen=True)
class Release:
    """One that was deployed here, the commit of its files, and whether it came to run wholly."""

    name: str
    commit: str
    whole: bool


def asked_for(root: Path) -> str:
    """Name the release of RELEASE, else the commit."""
    return checked(os.environ.get("RELEASE") or _described(root))


def checked(name: str) -> str:
    """Return a name that a release, and so the tag of an image, can have; raise UsageError."""
    if not _NAME.fullmatch(name):
        raise UsageError(f"RELEASE must be letters, digits, `.`, `_` and `-`, got: {name!r}")
    return name


def here(notes: Path) -> str:
    """Name the release of RELEASE, else the one that was deployed last, wholly or not."""
    if asked := os.environ.get("RELEASE"):
        return checked(asked)
    known = _known(notes)
    return known[-1].name if known else NONE


def before(notes: Path) -> Release:
    """Tell which release ran wholly before the last one; raise ToolError if there is none."""
    others = [release for release in _known(notes)[:-1] if release.whole]
    if not others:
        raise ToolError(f"there is no release before this one ({notes})")
    return others[-1]


@contextmanager
def deploying(notes: Path, root: Path, name: str) -> Iterator[None]:
    """Note a release when it begins to come, and again when it has come.

    One that stops half-way is the last one then, and the way back leads to what ran before it.
    """
    others = [known for known in _known(notes) if known.name != name]
    release = Release(name, _commit(root), whole=False)
    _write(notes, [*others, release])
    yield
    _write(notes, [*others, replace(release, whole=True)])


def went_back(notes: Path, name: str) -> None:
    """Forget what came after a release: the way back from it leads further back, not to that."""
    known = _known(notes)
    end = next(number for number, release in enumerate(known) if release.name == name)
    _write(notes, known[: end + 1])


def have_files(root: Path, release: Release) -> str:
    """Check out what a release was deployed from, where nobody works: where no branch is checked out.

    Returns what somebody who is on a branch should know; raises ToolError if files cannot be had.
    """
    if release.commit in {_NO_COMMIT, _commit(root)}:
        return ""
    if _git(root, "symbolic-ref", "--quiet", "HEAD"):
        return (
            f"the files here are not those of {release.name}, only its images are:"
            f" `git checkout {release.commit[:12]}` first, if Compose files or settings changed"
        )
    words = ["git", "checkout", "--quiet", "--detach", release.commit]
    done = subprocess.run(words, cwd=root, check=False, capture_output=True, text=True)  # noqa: S603
    if done.returncode != 0:
        raise ToolError(f"the files of {release.name} cannot be had: {done.stderr.strip()}")
    return ""


def _commit(root: Path) -> str:
    """Give the commit that the files are of."""
    return _git(root, "rev-parse", "--verify", "HEAD") or _NO_COMMIT


def _known(notes: Path) -> list[Release]:
    try:
        lines = notes.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    return [_read(*line.split()) for line in lines if line.strip()]


def _read(name: str, commit: str = _NO_COMMIT, *state: str) -> Release:
    return Release(name, commit, whole=_BEGUN not in state)


def _write(notes: Path, releases: Iterable[Release]) -> None:
    lines = [" ".join([one.name, one.commit, *([] if one.whole else [_BEGUN])]) for one in releases]
    write_atomically(notes, "\n".join(lines) + "\n")


def _described(root: Path) -> str:
    described = _git(root, "describe", "--always", "--dirty", "--abbrev=12")
    if not described:
        raise UsageError("RELEASE=... is missing: there is no commit to name a release after")
    return described


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=root, check=False, capture_output=True, text=True)  # noqa: S603, S607
    return done.stdout.strip() if done.returncode == 0 else ""
