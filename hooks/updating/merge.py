"""Merging: what the template had, what it has now, and what the owners made of it."""

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from .lists import grown, missing_from
from .reasons import (
    DROPPED,
    GONE,
    GREW,
    LEFT_OUT,
    LOST,
    NO_TEXT,
    SAME_LINES,
    SAME_PATH,
    STANDS,
    TAKEN_OUT,
    UNSAID,
    Conflict,
)
from .repository import Repository, run, split
from .trees import Entry, Tree, above, folders

SEEDS_FILE, TEMPLATE_FILE = ".ferrata/seeds.txt", ".ferrata/template.txt"
LABELS = ("before updating", "last update", "after updating")
PROSE, SERVICES = ".md", "services"
FIRST_MARKER = b"<<<<<<< before updating"
# What `git merge-file` ends with when it did not merge; fewer are the number of conflicts.
NOT_MERGED = 128

Stages = tuple[Entry | None, Entry | None, Entry | None]


@dataclass
class Merge:
    """The three versions of a project, and what comes of them."""

    repository: Repository
    base: Tree
    ours: Tree
    theirs: Tree
    tree: Tree = field(default_factory=dict)
    conflicts: dict[str, str] = field(default_factory=dict)
    unmerged: dict[str, Stages] = field(default_factory=dict)
    left_out: dict[str, list[str]] = field(default_factory=dict)
    stands: dict[str, str] = field(default_factory=dict)
    by_hand: dict[str, tuple[str, ...]] = field(default_factory=dict)
    prose: dict[str, tuple[str, ...]] = field(default_factory=dict)
    grows: bool = False

    def __post_init__(self) -> None:
        """Take the decision for every path that either version of the template has."""
        self.tree = dict(self.ours)
        seeds = _listed(self._text(self.theirs, SEEDS_FILE))
        self.seeded = self._seeded_before(seeds)
        for path in sorted(self.base.keys() - self.theirs.keys() - self.seeded):
            self._drop(path)
        # What the template itself takes away is in nobody's way.
        self.standing = frozenset(self.tree)
        self.folders = folders(self.standing)
        self.taken_out = self._taken_out() if self.grows else frozenset()
        for path in sorted(self.theirs):
            if _service(path) in self.taken_out:
                continue
            if path in seeds or path in self.seeded:
                self._seed(path)
            else:
                self._update(path)

    def _taken_out(self) -> frozenset[str]:
        """The services of the template that their owners have no longer: nothing grows there."""
        services = {service for path in self.base if (service := _service(path))}
        return frozenset(services - {_service(path) for path in self.ours})

    def _text(self, tree: Tree, path: str) -> bytes:
        entry = tree.get(path)
        return self.repository.read(entry.name) if entry and entry.kind == "file" else b""

    def _seeded_before(self, seeds: frozenset[str]) -> frozenset[str]:
        """What was seeded once; a project without the list had the seeds that git ever saw."""
        if SEEDS_FILE in self.ours:
            return _listed(self._text(self.ours, SEEDS_FILE))
        history = ("log", "--pretty=", "--name-only", "--relative", "-z", "HEAD")
        known = seeds | _listed(self._text(self.base, SEEDS_FILE))
        return known & set(split(self.repository.git(*history)))

    def _drop(self, path: str) -> None:
        """A file that the template has no longer."""
        if self.ours.get(path) == self.base[path]:
            del self.tree[path]
        elif path in self.ours:
            self.conflicts[path] = DROPPED

    def _seed(self, path: str) -> None:
        """A file that is its owners' from the day it is there."""
        if self.grows and path in self.base and path in self.ours.keys() | self.seeded:
            self._grow(path)
        elif self.grows and path in self.ours and path not in self.seeded:
            self._update(path)
        elif path in self.ours or path in self.seeded:
            return
        elif stands := self._standing_in_for(path):
            self.left_out.setdefault(stands, []).append(path)
        else:
            self.tree[path] = self.theirs[path]

    def _grow(self, path: str) -> None:
        """A file of the owners' in which something new has its lines."""
        old, new = self.base[path], self.theirs[path]
        if path in self.ours:
            self._update(path)
        elif old != new:
            read = self.repository.read
            self.conflicts[path] = GONE
            self.by_hand[path] = missing_from(read(old.name), read(new.name))
        if path.endswith(PROSE) and self.conflicts.pop(path, ""):
            # What people write for people stops nothing.
            self.tree.pop(path, None)
            self.tree |= {path: self.ours[path]} if path in self.ours else {}
            self.unmerged.pop(path, None)
            self.prose[path] = self.by_hand.pop(path, ())

    def _standing_in_for(self, path: str) -> str | None:
        """What owners have where a folder, or this very file, should be."""
        if path in self.folders:
            return path
        return next((folder for folder in above(path) if folder in self.standing), None)

    def _kind(self, path: str) -> str:
        return self.ours[path].kind if path in self.ours else "folder"

    def _update(self, path: str) -> None:
        """A file of the template."""
        old, mine, new = self.base.get(path), self.ours.get(path), self.theirs[path]
        if stands := self._standing_in_for(path):
            wanted = "file" if stands == path else "folder"
            self.stands[stands] = STANDS.format(kind=self._kind(stands), wanted=wanted)
        elif mine in {None, old, new}:
            self.tree[path] = new
        elif old == new:
            return
        elif {mine.kind, new.kind, (old or new).kind} != {"file"}:
            self.stands[path] = STANDS.format(kind=self._kind(path), wanted=new.kind)
        else:
            self._merge_files(path, old, mine, new)

    def _merge_files(self, path: str, old: Entry | None, mine: Entry, new: Entry) -> None:
        mode = new.mode if old and mine.mode == old.mode else mine.mode
        if old and mine.name == old.name:
            self.tree[path] = Entry(mode, new.name)
        elif mine.name == new.name or (old and old.name == new.name):
            self.tree[path] = Entry(mode, mine.name)
        else:
            name, reason = self._merged(path, old, mine, new)
            self.tree[path] = Entry(mode, name)
            if reason:
                self.conflicts[path] = reason
                self.unmerged[path] = (old, mine, new)

    def _merged(self, path: str, old: Entry | None, mine: Entry, new: Entry) -> tuple[str, str]:
        """The content of both changes, or of a conflict with its reason."""
        read = self.repository.read
        texts = (read(mine.name), read(old.name) if old else b"", read(new.name))
        merged = merged_text(self.repository.scratch, *texts)
        if merged is None:
            return mine.name, NO_TEXT
        if self.grows and old and FIRST_MARKER in merged:
            return self._both(path, texts)
        reason = SAME_LINES if old else SAME_PATH
        lines = [line.rstrip() for line in merged.splitlines()]
        if FIRST_MARKER in lines:
            line = f" (line {lines.index(FIRST_MARKER) + 1})"
            return self.repository.write(merged), reason + line
        if not kept(texts[1], texts[0], texts[2], merged):
            return mine.name, LOST
        return self.repository.write(merged), ""

    def _both(self, path: str, texts: tuple[bytes, bytes, bytes]) -> tuple[str, str]:
        """The lines of both where both grew, as in lists; what is more than that is told."""
        whole = merged_text(self.repository.scratch, *texts, "--diff3") or b""
        found = grown(whole)
        if found.by_hand:
            self.by_hand[path] = found.by_hand
            return self.repository.write(found.text), GREW
        mine, old, new = texts
        mine, new = found.as_joined(mine, new)
        if not kept(old, mine, new, found.text):
            return self.repository.write(texts[0]), LOST
        return self.repository.write(found.text), ""

    @property
    def told(self) -> list[str]:
        """What was left out for the sake of something of the owners'."""
        return [
            *(
                f"{path}: {LEFT_OUT.format(kind=self._kind(path), paths=', '.join(paths))}"
                for path, paths in self.left_out.items()
            ),
            *(f"{service}: {TAKEN_OUT}" for service in sorted(self.taken_out)),
            *(f"{path}: {UNSAID.format(lines=' '.join(self.prose[path]))}" for path in self.prose),
        ]

    @property
    def reasons(self) -> tuple[Conflict, ...]:
        """Every conflict, by path."""
        return (
            *(Conflict(path, self.stands[path], stands=True) for path in sorted(self.stands)),
            *(
                Conflict(
                    path,
                    self.conflicts[path],
                    lines=self.by_hand.get(path, ()),
                    unmerged=path in self.unmerged,
                )
                for path in sorted(self.conflicts)
            ),
        )


def _service(path: str) -> str:
    """The folder of the service that a path is in, if it is in one."""
    folder, name, *inside = [*path.split("/"), "", ""][:3]
    return f"{folder}/{name}" if folder == SERVICES and inside != [""] else ""


def _listed(text: bytes) -> frozenset[str]:
    """The paths of a list; comments and what a merge left between them are none."""
    lines = text.decode("utf-8", "surrogateescape").splitlines()
    return frozenset(line for line in lines if line and not re.match(r"#|[<=>]{7}", line))


def merged_text(scratch: Path, mine: bytes, old: bytes, new: bytes, *style: str) -> bytes | None:
    """Merge as git does, byte for byte; nothing if it is no text."""
    desk = scratch / "desk"
    desk.mkdir(exist_ok=True)
    files = [desk / name for name in ("mine", "old", "new")]
    for file, text in zip(files, (mine, old, new), strict=True):
        file.write_bytes(text)
    labels = [word for label in LABELS for word in ("-L", label)]
    done = run("merge-file", "-p", *style, *labels, *map(str, files), at=scratch)
    return None if done.returncode >= NOT_MERGED else done.stdout


def kept(old: bytes, mine: bytes, new: bytes, merged: bytes) -> bool:
    """Say whether every line that its owner added is there, and none that they took out."""
    counts = [Counter(text.split(b"\n")) for text in (old, mine, new, merged)]
    before, owner, template, after = counts
    for line in owner.keys() | before.keys():
        mine_more, their_more = owner[line] - before[line], template[line] - before[line]
        more = after[line] - before[line]
        if mine_more > 0 and more < mine_more + min(their_more, 0):
            return False
        if mine_more < 0 and more > mine_more + max(their_more, 0):
            return False
    return True
