"""What an update makes of a project, before anything of it is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from .merge import Merge, Stages, merged_text
from .migrations import listed_before
from .reasons import Conflict
from .repository import Repository, joined
from .shadows import shadows
from .trees import ATTRIBUTES, Tree, attributes, committed, stored


@dataclass(frozen=True)
class Outcome:
    """The project as it would be; paths are from its folder."""

    before: Tree
    after: Tree
    template: frozenset[str]
    restored: tuple[str, ...]
    conflicts: tuple[Conflict, ...]
    told: tuple[str, ...]
    unmerged: Mapping[str, Stages]

    @cached_property
    def added(self) -> tuple[str, ...]:
        """What is new."""
        return tuple(sorted(self.after.keys() - self.before.keys()))

    @cached_property
    def changed(self) -> tuple[str, ...]:
        """What is there and becomes different."""
        both = self.after.keys() & self.before.keys()
        return tuple(sorted(path for path in both if self.after[path] != self.before[path]))

    @cached_property
    def removed(self) -> tuple[str, ...]:
        """What goes away."""
        return tuple(sorted(self.before.keys() - self.after.keys()))

    @cached_property
    def touched(self) -> tuple[str, ...]:
        """Everything that would be written or taken away."""
        return (*self.removed, *self.changed, *self.added)


def diff(repository: Repository, outcome: Outcome) -> bytes:
    """What the outcome changes of the last commit, as git shows it."""
    index = {"GIT_INDEX_FILE": str(repository.scratch / "diff.index")}
    told = joined(f"{one.mode} {one.name} 0\t{path}" for path, one in outcome.after.items())
    repository.aside("update-index", "-z", "--index-info", stdin=told, variables=index)
    tree = repository.aside("write-tree", "--missing-ok", variables=index).decode().strip()
    prefixes = [f"--src-prefix=a/{repository.prefix}", f"--dst-prefix=b/{repository.prefix}"]
    last = f"{repository.head}:{repository.prefix.rstrip('/')}"
    return repository.aside("diff-tree", "-p", "-M", "--no-ext-diff", *prefixes, last, tree)


def planned(repository: Repository, old: Path, new: Path, *, grows: bool = False) -> Outcome:
    """Merge two renderings of the template with the last commit; the renderings are used up.

    Where a project `grows`, what is new has its lines in files that are their owners', too.
    """
    said = attributes(repository)
    become = {**said, **_changed_attributes(repository, said, old, new)}
    base, theirs = stored(repository, old, "old", said), stored(repository, new, "new", become)
    ours = committed(repository)
    theirs |= listed_before(repository, base, ours, theirs)
    merge = Merge(repository, base, ours, theirs, grows=grows)
    deleted = base.keys() & theirs.keys() - merge.ours.keys()
    return Outcome(
        before=merge.ours,
        after=merge.tree,
        template=frozenset(base.keys() | theirs.keys()),
        restored=tuple(sorted(path for path in deleted if path in merge.tree)),
        conflicts=(*merge.reasons, *shadows(repository.project, merge)),
        told=tuple(merge.told),
        unmerged=merge.unmerged,
    )


def _changed_attributes(
    repository: Repository, said: Mapping[str, bytes], old: Path, new: Path
) -> dict[str, bytes]:
    """What will be said of paths, where the template says something else from now on."""
    path = f"{repository.prefix}{ATTRIBUTES}"
    before, after = _bytes(old / ATTRIBUTES), _bytes(new / ATTRIBUTES)
    if before == after:
        # Where the owners took it out, it is restored.
        return {} if path in said or not after else {path: after}
    mine = said.get(path, before)
    merged = merged_text(repository.scratch, mine, before, after)
    return {path: mine if merged is None else merged}


def _bytes(file: Path) -> bytes:
    return file.read_bytes() if file.is_file() else b""
