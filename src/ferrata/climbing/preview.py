"""A climb tried in a throwaway clone: what would become of the project, and what conflicts."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ferrata.base import git, progress, scratch
from ferrata.climbing.repository import Repository
from ferrata.template import Template, copier_environment, update

# The clone works on the very bytes that git keeps, whatever its user set up for other work.
EXACT = (
    ("core.autocrlf", "false"),
    ("core.eol", "lf"),
    ("core.safecrlf", "false"),
    ("core.fileMode", "true"),
    ("core.excludesFile", os.devnull),
    ("core.hooksPath", os.devnull),
    ("core.fsmonitor", "false"),
    ("init.templateDir", ""),
    ("apply.whitespace", "nowarn"),
    ("diff.noprefix", "false"),
    ("commit.gpgSign", "false"),
    ("user.name", "ferrata"),
    ("user.email", "ferrata@localhost"),
    ("advice.detachedHead", "false"),
)
# The climb takes the steps after an update itself.
VARIABLES = {"FERRATA_STEPS": "off"}
RESULT, STAGES = "refs/heads/result", "refs/heads/stages"


@dataclass(frozen=True)
class Preview:
    """What the climb makes of the repository; paths are as git has them, from its top."""

    clone: Path
    tree: str
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    restored: tuple[str, ...]
    conflicts: tuple[Any, ...]
    unmerged: str
    not_run: str

    @property
    def empty(self) -> bool:
        """Say whether nothing would change."""
        return not (self.added or self.changed or self.removed)

    def text(self, path: Path) -> str:
        """A file of the result."""
        file = self.clone / path
        return file.read_text("utf-8") if file.is_file() else ""


@contextmanager
def previewed(
    repository: Repository, template: Template, changes: Mapping[str, Any]
) -> Iterator[Preview]:
    """Do the whole climb in a clone that is thrown away afterwards."""
    with scratch() as folder:
        clone = folder / "project"
        with (
            progress("Trying the climb in a copy"),
            copier_environment(template, folder, EXACT, VARIABLES),
        ):
            _clone(repository, clone)
            project = clone / repository.prefix
            update(template, changes, project)
            settled = template.updates.settle(project, template.repository)
            not_run = template.updates.pin(project)
            preview = _result(repository, clone, settled, not_run)
        yield preview


def _clone(repository: Repository, clone: Path) -> None:
    git("clone", "--quiet", "--shared", "--no-checkout", "--", str(repository.top), str(clone))
    git("checkout", "--quiet", "--detach", repository.head, at=clone)


def _result(repository: Repository, clone: Path, settled: Any, not_run: str) -> Preview:
    """Keep what the clone holds as a commit, and compare it with the project's."""
    unmerged = git("ls-files", "--unmerged", "-z", at=clone)
    # Also what a rule of the owner's would ignore: the template's files belong to the project.
    git("add", "--all", "--force", at=clone)
    tree = git("write-tree", at=clone)
    _keep(clone, RESULT, tree)
    if unmerged:
        _keep(clone, STAGES, _tree_of_stages(clone, unmerged))
    listed = git(
        "diff-tree", "-r", "-z", "--name-status", "--no-renames", repository.head, tree, at=clone
    )
    words = listed.rstrip("\0").split("\0")
    pairs = list(zip(words[::2], words[1::2], strict=False))
    prefix = repository.prefix
    return Preview(
        clone=clone,
        tree=tree,
        added=tuple(path for state, path in pairs if state == "A"),
        changed=tuple(path for state, path in pairs if state not in "AD"),
        removed=tuple(path for state, path in pairs if state == "D"),
        restored=tuple((prefix / path).as_posix() for path in settled.restored),
        conflicts=settled.conflicts,
        unmerged=unmerged,
        not_run=not_run,
    )


def _keep(clone: Path, ref: str, tree: str) -> None:
    commit = git("commit-tree", tree, "-m", "climb", at=clone)
    git("update-ref", ref, commit, at=clone)


def _tree_of_stages(clone: Path, unmerged: str) -> str:
    """A tree with every version of the files in conflict, so that a fetch brings them along."""
    blobs = {line.split()[1] for line in unmerged.rstrip("\0").split("\0")}
    entries = "".join(f"100644 blob {blob}\t{blob}\n" for blob in sorted(blobs))
    return git("mktree", at=clone, stdin=entries)
