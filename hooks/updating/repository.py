"""Git as an update needs it: bytes in and out, and new objects in a folder of their own."""

import os
import shlex
import subprocess
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path

# Variables that would point git at another repository, as inside a git hook.
ELSEWHERE = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
)
# Nothing that was set up for other work may run, ask or change what git prints.
SETTINGS = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.safecrlf": "false",
    "core.quotePath": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "merge.conflictStyle": "merge",
}


class GitError(RuntimeError):
    """git refused; the message is the line that says why."""


def environment() -> dict[str, str]:
    """The environment of every git command, with the settings above."""
    kept = {key: value for key, value in os.environ.items() if key not in ELSEWHERE}
    start = int(kept.get("GIT_CONFIG_COUNT") or 0)
    kept["GIT_CONFIG_COUNT"] = str(start + len(SETTINGS))
    for number, (key, value) in enumerate(SETTINGS.items(), start):
        kept |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return {**kept, "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C.UTF-8"}


def run(
    *arguments: str, at: Path, stdin: bytes = b"", variables: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[bytes]":
    """Run git, out of reach of a Ctrl-C at the terminal."""
    return subprocess.run(  # noqa: S603  (the arguments are made here, paths come after `--`)
        ["git", *arguments],  # noqa: S607  (git is found on the PATH, as everywhere)
        cwd=at,
        env={**environment(), **(variables or {})},
        input=stdin,
        capture_output=True,
        check=False,
        start_new_session=True,
    )


class Repository:
    """The repository around a project; what is made of it lies in `scratch` until it is applied."""

    def __init__(self, project: Path, scratch: Path) -> None:
        """Look at the folder of a project."""
        self.project = project
        self.scratch = scratch

    def git(
        self,
        *arguments: str,
        stdin: bytes = b"",
        at: Path | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> bytes:
        """Run git in the project and give what it prints, or raise what it says."""
        done = run(*arguments, at=at or self.project, stdin=stdin, variables=variables)
        if done.returncode:
            raise GitError(_reason(done.stderr))
        return done.stdout

    def aside(
        self,
        *arguments: str,
        stdin: bytes = b"",
        at: Path | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> bytes:
        """Run git with the new objects: they are read and written beside the repository's own."""
        both = {**self._overlay, **(variables or {})}
        return self.git(*arguments, stdin=stdin, at=at, variables=both)

    def path(self, *arguments: str) -> Path:
        """A path that `git rev-parse` gives, whatever characters are in it."""
        return self.project / os.fsdecode(self._line("rev-parse", *arguments))

    def _line(self, *arguments: str) -> bytes:
        return self.git(*arguments).removesuffix(b"\n")

    @cached_property
    def folder(self) -> Path:
        """The folder of git's own for this working tree."""
        return self.path("--absolute-git-dir")

    @cached_property
    def index(self) -> Path:
        """The file in which git keeps what is staged."""
        return self.path("--git-path", "index")

    @property
    def index_lock(self) -> Path:
        """There while a command writes the index."""
        return self.index.with_name(f"{self.index.name}.lock")

    @cached_property
    def prefix(self) -> str:
        """Where the project lies in the repository: `` or `systems/demo/`."""
        return os.fsdecode(self._line("rev-parse", "--show-prefix"))

    @cached_property
    def head(self) -> str:
        """The last commit."""
        return self._line("rev-parse", "--verify", "HEAD^{commit}").decode()

    @cached_property
    def _overlay(self) -> dict[str, str]:
        objects = self.scratch / "objects"
        objects.mkdir(parents=True, exist_ok=True)
        own = str(self.path("--git-path", "objects").resolve())
        return {
            "GIT_OBJECT_DIRECTORY": str(objects),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": _quoted(own),
        }

    def read(self, name: str) -> bytes:
        """The content of an object, a new one too."""
        return self.aside("cat-file", "blob", name)

    def write(self, content: bytes) -> str:
        """Keep content as a new object and give its name."""
        return self.aside("hash-object", "-w", "--stdin", stdin=content).decode().strip()

    def hash_of(self, path: str) -> str:
        """The name that git would give to a file as it is now."""
        return self.git("hash-object", "--", path).decode().strip()

    def lines(self, paths: Iterable[str]) -> bytes:
        """Paths for a command that reads one a line, which git does from the top."""
        return os.fsencode("".join(f"{_quoted(f'{self.prefix}{path}')}\n" for path in paths))

    def keep_objects(self) -> None:
        """Take the new objects into the repository itself."""
        found = (self.scratch / "objects").glob("[0-9a-f][0-9a-f]/*")
        names = "".join(f"{file.parent.name}{file.name}\n" for file in found)
        if names:
            pack = self.aside("pack-objects", "-q", "--stdout", stdin=names.encode())
            self.git("unpack-objects", "-q", stdin=pack)

    def check_out(self, folder: Path) -> None:
        """Write the last commit of the project into another folder."""
        index = {"GIT_INDEX_FILE": str(self.scratch / "index")}
        self.git("read-tree", f"{self.head}:{self.prefix.rstrip('/')}", variables=index)
        top = {"GIT_DIR": str(self.folder), "GIT_WORK_TREE": str(folder)}
        folder.mkdir()
        self.git("checkout-index", "--all", "--force", at=folder, variables={**index, **top})

    @cached_property
    def undo(self) -> str:
        """What takes back all that is not committed in the project, and nothing around it.

        Edits that git was told to overlook are spared, as by an update itself. It is found before
        anything is written.
        """
        if not self.prefix:
            return "git reset --merge"
        spared = [f":(exclude,literal){path}" for path in self._overlooked_edits()]
        return " ".join([back(self.prefix), *map(shlex.quote, spared)])

    def _overlooked_edits(self) -> list[str]:
        told = split(self.git("ls-files", "-v", "-z"))
        flagged = [
            line[2:] for line in told if line[:1] == "h" and (self.project / line[2:]).is_file()
        ]
        if not flagged:
            return []
        entries = split(self.git("ls-files", "-s", "-z", "--", *map(_literal, flagged)))
        staged = {
            path: facts.split()[1] for facts, _, path in (one.partition("\t") for one in entries)
        }
        return [path for path in flagged if self.hash_of(path) != staged.get(path)]

    def ignored(self, path: str) -> bool:
        """Say whether git ignores a path."""
        return run("check-ignore", "-q", "--", path, at=self.project).returncode == 0


def back(prefix: str) -> str:
    """What makes every file of a project that of the last commit again."""
    return "git restore --source=HEAD --staged --worktree ." if prefix else "git reset --hard"


def split(listed: bytes) -> list[str]:
    """The items of a list that git ends with NUL each."""
    return [os.fsdecode(item) for item in listed.split(b"\0") if item]


def joined(items: Iterable[str]) -> bytes:
    """The same for git to read."""
    return b"".join(os.fsencode(item) + b"\0" for item in items)


def _literal(path: str) -> str:
    return f":(literal){path}"


def _quoted(path: str) -> str:
    """A path as git reads it from a line, whatever characters are in it."""
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n")):
        path = path.replace(plain, escaped)
    return f'"{path}"'


def _reason(output: bytes) -> str:
    """The line in which git says what is wrong; hints and advice follow it."""
    lines = [line.strip() for line in output.decode(errors="replace").splitlines() if line.strip()]
    faults = [line for line in lines if line.startswith(("fatal:", "error:"))]
    return (faults or lines or ["git failed without a word"])[-1]
