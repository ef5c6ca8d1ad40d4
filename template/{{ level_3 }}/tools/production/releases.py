"""The names of releases, and which of them ran here."""

import os
import re
import subprocess
from pathlib import Path

from tools.common import ToolError, UsageError, write_atomically

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")


def asked_for(root: Path) -> str:
    """Name the release of RELEASE, else the commit."""
    return checked(os.environ.get("RELEASE") or _commit(root))


def checked(name: str) -> str:
    """Return a name that a release, and so the tag of an image, can have; raise UsageError."""
    if not _NAME.fullmatch(name):
        raise UsageError(f"RELEASE must be letters, digits, `.`, `_` and `-`, got: {name!r}")
    return name


def before(notes: Path) -> str:
    """Name the release that ran before the one that runs; raise ToolError if there is none."""
    known = _known(notes)
    others = [release for release in known if release != known[-1]]
    if not others:
        raise ToolError(f"there is no release before this one ({notes})")
    return others[-1]


def note(notes: Path, release: str) -> None:
    """Write down that a release runs now."""
    others = [known for known in _known(notes) if known != release]
    write_atomically(notes, "\n".join([*others, release]) + "\n")


def _known(notes: Path) -> list[str]:
    try:
        return notes.read_text(encoding="utf-8").split()
    except FileNotFoundError:
        return []


def _commit(root: Path) -> str:
    words = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    done = subprocess.run(words, cwd=root, check=False, capture_output=True, text=True)  # noqa: S603
    if done.returncode != 0:
        raise UsageError("RELEASE=... is missing: there is no commit to name a release after")
    return done.stdout.strip()
