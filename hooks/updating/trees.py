"""Files as git knows them: their paths, what kind they are, and the name of their content."""

import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from .repository import Repository, split

FILE, SCRIPT, LINK, SUBMODULE = "100644", "100755", "120000", "160000"
KINDS = {LINK: "link", SUBMODULE: "submodule"}
FOLDER = "folder"
ATTRIBUTES = ".gitattributes"


class Entry(NamedTuple):
    """One path of a commit."""

    mode: str
    name: str

    @property
    def kind(self) -> str:
        """What it is, in a word."""
        return KINDS.get(self.mode, "file")


# Paths from the project's folder; a name that is no UTF-8 keeps its bytes as surrogates.
Tree = dict[str, Entry]


def committed(repository: Repository, within: str | None = None) -> Tree:
    """The last commit, below the project's folder or another one."""
    folder = repository.prefix if within is None else within
    tree = f"{repository.head}:{folder.rstrip('/')}"
    # Otherwise git lists what lies below the folder that it was started in.
    listed = repository.git("ls-tree", "-r", "-z", "--full-tree", tree)
    return dict(_entries(split(listed)))


def _entries(lines: Iterable[str]) -> Iterator[tuple[str, Entry]]:
    for line in lines:
        facts, _, path = line.partition("\t")
        mode, _, name = facts.split(" ")
        yield path, Entry(mode, name)


def stored(
    repository: Repository, folder: Path, name: str, attributes: Mapping[str, bytes]
) -> Tree:
    """Files that were just written, as git would keep them at their places in the project.

    The attributes are those that hold there, by path from the top of the repository: filters that
    the owners set up for a path are applied to the template's files too.
    """
    root = repository.scratch / name
    inside = root / repository.prefix
    inside.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(folder, inside)
    paths = sorted(_files(inside))
    own = {path: (inside / path).read_bytes() for path in paths if _says_attributes(path)}
    for path, text in attributes.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(text)
    variables = {"GIT_DIR": str(repository.folder), "GIT_WORK_TREE": str(root)}

    def kept(*arguments: str, stdin: bytes) -> list[str]:
        given = ("hash-object", "-w", *arguments)
        return repository.aside(*given, stdin=stdin, at=root, variables=variables).decode().split()

    plain = [path for path in paths if path not in own and not (inside / path).is_symlink()]
    names = kept("--stdin-paths", stdin=repository.lines(plain))
    tree = {
        path: Entry(_mode(inside / path), name) for path, name in zip(plain, names, strict=True)
    }
    for path, text in own.items():
        [name] = kept("--stdin", f"--path={repository.prefix}{path}", stdin=text)
        tree[path] = Entry(_mode(inside / path), name)
    for path in set(paths) - tree.keys():
        tree[path] = Entry(LINK, repository.write(os.fsencode((inside / path).readlink())))
    return tree


def attributes(repository: Repository) -> dict[str, bytes]:
    """What the last commit says of paths, by the files that say it."""
    return {
        path: repository.read(entry.name)
        for path, entry in committed(repository, "").items()
        if entry.kind == "file" and _says_attributes(path)
    }


def _says_attributes(path: str) -> bool:
    return PurePosixPath(path).name == ATTRIBUTES


def _files(top: Path) -> Iterator[str]:
    for folder, inner, names in os.walk(top):
        # A link to a folder is a link.
        links = [name for name in inner if (Path(folder) / name).is_symlink()]
        yield from ((Path(folder) / name).relative_to(top).as_posix() for name in [*names, *links])


def _mode(file: Path) -> str:
    return SCRIPT if file.stat().st_mode & 0o100 else FILE


def folders(paths: Iterable[str]) -> set[str]:
    """Every folder that some paths are in."""
    return {folder for path in paths for folder in above(path)}


def above(path: str) -> Iterator[str]:
    """The folders around a path, the outermost first."""
    parts = path.split("/")
    return ("/".join(parts[:depth]) for depth in range(1, len(parts)))


def kind_at(place: Path) -> str | None:
    """What is at a place, without following a link."""
    try:
        mode = place.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISDIR(mode):
        return FOLDER
    if stat.S_ISREG(mode):
        return "file"
    return "link" if stat.S_ISLNK(mode) else "special file"
