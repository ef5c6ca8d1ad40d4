"""The Python of many projects, also that in documents, compiled, linted and formatted in one go.

Each version of each file is laid out once. The first version of every path stands in one tree, so
that packages are found; a further version has a tree of its own, with the `__init__.py` files that
its project has beside it.
"""

import hashlib
import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.matrix.renderer import Rendered
from tests.support import environment

SOURCES = re.compile(r"^src = \[.*\]$", re.MULTILINE)
PLAIN = ("--no-cache", "--output-format", "json", ".")
COMPILE = """
import ast, sys
for name in sys.stdin.read().split("\\0"):
    try:
        ast.parse(open(name, "rb").read(), name)
    except SyntaxError as error:
        print(f"{name}:{error.lineno}: {error.msg}")
"""


class PythonFiles:
    """Collects the Python files of projects below a folder."""

    def __init__(self, folder: Path) -> None:
        """Collect into a new folder."""
        self.folder = folder
        # Of each folder: a pyproject.toml, and where the packages of all projects are.
        self._settings: dict[Path, tuple[str, set[str]]] = {}
        self._texts: dict[str, Path] = {}
        self._origin: dict[Path, tuple[str, str]] = {}
        self._known: set[tuple[Path, str, bytes]] = set()

    def __len__(self) -> int:
        """How many different files there are."""
        return len(self._origin)

    def add(self, combination: str, rendered: Rendered) -> None:
        """Take the Python files of a project that were not there before."""
        text = rendered.text("pyproject.toml")
        if text not in self._texts:
            self._texts[text] = self._configured(text)
        top = self._texts[text]
        for path, content in rendered.files.items():
            if not _has_code(path, content) or (top, path, content) in self._known:
                continue
            self._known.add((top, path, content))
            tree = top / "first"
            if (tree / path).exists():
                tree = top / hashlib.sha256(path.encode() + content).hexdigest()[:16]
                for beside in _packages(path):
                    if beside in rendered.files and beside != path:
                        self._lay(tree, beside, rendered.files[beside])
            self._lay(tree, path, content)
            self._origin[tree / path] = (combination, path)

    def faults(self) -> Iterator[tuple[str, str, str]]:
        """Say what the compiler, the linter and the formatter find: combination, path, what."""
        if not self._origin:
            return
        yield from self._compiled()
        for top, (text, places) in self._settings.items():
            # All versions of a file find the packages in the one tree that has them all.
            absolute = [f"{top.as_posix()}/first/{place}" for place in sorted(places)]
            settings = SOURCES.sub(f"src = {json.dumps(absolute)}", text).encode()
            for tree in top.iterdir():
                self._lay(tree, "pyproject.toml", settings)
            yield from self._linted(top)
            yield from self._formatted(top)

    def _configured(self, text: str) -> Path:
        """The folder of all files that are linted with the settings of a pyproject.toml.

        Where the packages are is no such setting: a project has those of its modules.
        """
        project = tomllib.loads(text)
        ruff = dict(project["tool"]["ruff"])
        places = ruff.pop("src")
        rest = json.dumps([ruff, project["project"]["requires-python"]], sort_keys=True)
        top = self.folder / hashlib.sha256(rest.encode()).hexdigest()[:16]
        self._settings.setdefault(top, (text, set()))[1].update(places)
        return top

    @staticmethod
    def _lay(tree: Path, path: str, content: bytes) -> None:
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_bytes(content)

    def _compiled(self) -> Iterator[tuple[str, str, str]]:
        """Compile with a Python that the projects are for; the tests may run on an older one."""
        python = ["uv", "run", "--no-project", "--python", ">=3.12", "python", "-c", COMPILE]
        names = "\0".join(str(path) for path in self._origin if path.suffix == ".py")
        done = _run(python, self.folder, given=names)
        assert done.returncode == 0, done.stderr
        for line in done.stdout.splitlines():
            name, number, message = line.rsplit(":", 2)
            yield *self._origin[Path(name)], f"does not compile: line {number}:{message}"

    def _linted(self, top: Path) -> Iterator[tuple[str, str, str]]:
        done = _run([*("ruff", "check"), *PLAIN], top)
        assert done.returncode in {0, 1}, done.stderr
        for where, found in self._told(done.stdout):
            yield *where, f"ruff {found['code']}: {found['message']}"

    def _formatted(self, top: Path) -> Iterator[tuple[str, str, str]]:
        """What does not parse is not formatted either, and was told before."""
        done = _run([*("ruff", "format", "--check"), *PLAIN], top)
        for where, found in self._told(done.stdout):
            if found["code"] == "unformatted":
                yield *where, "is not formatted"

    def _told(self, document: str) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
        """What ruff tells of files that are ours, with the first answers that have each."""
        for found in json.loads(document):
            where = self._origin.get(Path(found["filename"]))
            if where:
                yield where, found


def _run(command: list[str], at: Path, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=at,
        env=environment(),
        input=given,
        check=False,
        capture_output=True,
        text=True,
    )


def _has_code(path: str, content: bytes) -> bool:
    """Tell whether a file is Python, or shows Python that the formatter looks at too."""
    return path.endswith(".py") or (path.endswith(".md") and b"```python" in content)


def _packages(path: str) -> Iterator[str]:
    """The `__init__.py` of every folder above a file."""
    parts = path.split("/")[:-1]
    for depth in range(1, len(parts) + 1):
        yield "/".join([*parts[:depth], "__init__.py"])
