"""The code of the project: its commit, its files, and whether they changed since."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tools.common.processes import output_of

REPORTS = Path("artifacts/reports")
# What a run writes, and the papers about the code, are not the code.
CODE = (".", ":(exclude)artifacts")
_MADE = {".git", ".uv", ".venv", ".dev", "__pycache__"}


async def code_state(root: Path, environment: Mapping[str, str]) -> dict[str, str | bool] | None:
    """Return the commit and whether files differ from it; nothing outside git."""
    commit = await output_of(("git", "rev-parse", "--verify", "HEAD"), environment, root)
    changes = await output_of(("git", "status", "--porcelain", "--", *CODE), environment, root)
    if commit is None or changes is None:
        return None
    return {"commit": commit.strip(), "dirty": bool(changes.strip())}


@dataclass(frozen=True)
class Tree:
    """What is in the project's folder; `changed` is what git has not committed."""

    under_git: bool
    changed: tuple[str, ...]
    files: tuple[str, ...]


async def read_tree(root: Path) -> Tree:
    """List the files that git tracks, or outside git all that nothing can make again."""
    status = ("status", "--porcelain", "--no-renames", "-z", "--", *CODE)
    changes, tracked = await _git(root, *status), await _git(root, "ls-files", "-z")
    if changes is None or tracked is None:
        return Tree(under_git=False, changed=(), files=tuple(sorted(_found(root))))
    changed = tuple(entry[3:] for entry in changes.split("\0") if entry)
    return Tree(under_git=True, changed=changed, files=tuple(filter(None, tracked.split("\0"))))


def _found(root: Path) -> Iterator[str]:
    for folder, names, files in os.walk(root):
        names[:] = [name for name in names if name not in _MADE and not name.endswith("_cache")]
        here = Path(folder).relative_to(root)
        if here.is_relative_to(REPORTS):
            continue
        for name in files:
            if name != ".env" and not name.startswith(".coverage"):
                yield (here / name).as_posix()


async def same_code(root: Path, commit: str) -> bool:
    """Say whether the code of a commit is still the committed code."""
    return await _git(root, "diff", "--quiet", commit, "HEAD", "--", *CODE) is not None


def newer_files(tree: Tree, root: Path, moment: str) -> list[str]:
    """Return the files of the code that were written after a moment."""
    since = datetime.fromisoformat(moment)
    code = (name for name in tree.files if not name.startswith("artifacts/"))
    return [name for name in code if _written(root / name) > since]


def _written(path: Path) -> datetime:
    # The moments of a report are whole seconds, too.
    return datetime.fromtimestamp(int(path.stat().st_mtime), UTC)


async def _git(root: Path, *arguments: str) -> str | None:
    return await output_of(("git", *arguments), os.environ, root)
