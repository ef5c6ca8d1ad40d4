"""The evidence of gates that passed, kept for as long as nothing that they read changes.

A gate says in `inputs` what it reads. Its evidence is one file of the store, which git ignores, with
a digest of all that decides the result. Engines and system libraries are not in the digest: hence
the evidence counts for a few days only, and a hand-over wants a run with nothing kept.
"""

import hashlib
import json
import os
import platform
import re
import sys
import sysconfig
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from tools.check.evidence import Result, State
from tools.check.plan import Gate
from tools.common import plain

STORE = Path(".gates_cache")
COUNTS_FOR = timedelta(days=7)
# What pytest, coverage and the installed packages are told, whatever a gate reads.
_ALWAYS = ("pyproject.toml", "uv.lock", "conftest.py", "*pytest.ini", "*pytest.toml", ".coveragerc")
_WRITTEN = re.compile(r"\{work\}/([\w./-]+)")
_ABOUT = "kept.json"
# What reading a file of the store raises that is broken, or not what `keep` writes.
_SHAPE = (ValueError, LookupError, TypeError)
_BROKEN = (OSError, EOFError, RuntimeError, BadZipFile, zlib.error, *_SHAPE)


class Store:
    """The kept evidence of a project; `seen` are the variables of the shell that gates see."""

    def __init__(self, root: Path, work: Path, seen: Mapping[str, str]) -> None:
        self._root = root
        self._work = work
        self._seen = dict(sorted(seen.items()))

    def digest(self, gate: Gate) -> str:
        """Return what tells whether a gate would come out as before; empty: it is not kept.

        An input that matches no file is misspelt, or gone: what the gate reads is not known then.
        """
        try:
            read = [list(_files(self._root, pattern)) for pattern in gate.inputs]
            if not read or not all(read):
                return ""
            read += [list(_files(self._root, pattern)) for pattern in _ALWAYS]
            decides = {
                "files": {str(path): _hash(path) for paths in read for path in paths},
                "gate": repr(gate),
                "shell": self._seen,
                "packages": _installed(),
                "python": [sys.version, sys.prefix, platform.platform()],
                "root": str(self._root),
            }
        except (OSError, ValueError, NotImplementedError):  # no glob of a folder
            return ""
        return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()

    def find(self, gate: Gate, digest: str, *commands: tuple[str, ...]) -> Result | None:
        """Put kept evidence of one of the commands into the scratch folder, as if it had just run.

        A store that is broken, too old or somebody else's is as good as none.
        """
        path = _place(self._root, gate)
        try:
            if path.stat().st_uid != os.getuid():
                return None
            with ZipFile(path) as file:
                about: dict[str, Any] = json.loads(file.read(_ABOUT))
                age = datetime.now(UTC) - datetime.fromisoformat(about["started"])
                known = about["digest"] == digest and tuple(about["words"]) in commands
                if not known or not timedelta(0) <= age <= COUNTS_FOR:
                    return None
                file.extractall(self._work, [n for n in file.namelist() if n != _ABOUT])
            return self._result(gate, about)
        except _BROKEN:
            return None

    def _result(self, gate: Gate, about: dict[str, Any]) -> Result:
        log = self._work / _log(gate)
        return Result(
            gate=gate,
            state=State.PASSED,
            command=tuple(map(str, about["command"])),
            exit_code=0,
            started=str(about["started"]),
            duration_s=float(about["duration_s"]),
            tool_version=about["tool_version"],
            output=plain(log.read_text(encoding="utf-8", errors="replace")),
            kept=True,
        )

    def keep(self, result: Result, digest: str, words: tuple[str, ...]) -> None:
        """Keep the evidence of a gate that passed; where it cannot be written, the gate runs again."""
        about = {
            "digest": digest,
            "words": words,
            "command": result.command,
            "started": result.started,
            "duration_s": result.duration_s,
            "tool_version": result.tool_version,
        }
        path = _place(self._root, result.gate)
        new = path.with_name(f"{path.name}.{os.getpid()}")
        try:
            path.parent.mkdir(exist_ok=True)
            path.with_name(".gitignore").write_text("*\n", encoding="utf-8")
            with ZipFile(new, "w", ZIP_DEFLATED) as file:
                file.writestr(_ABOUT, json.dumps(about))
                for name in self._evidence(result.gate):
                    file.write(self._work / name, name)
            new.replace(path)
        except OSError:
            with suppress(OSError):
                new.unlink()

    def _evidence(self, gate: Gate) -> Iterator[str]:
        """Give what a gate has written into the scratch folder: its table names all of it."""
        words = (*gate.command, *gate.measured, *gate.env.values())
        named = [name for word in words for name in _WRITTEN.findall(word)]
        for name in sorted({*named, *gate.reports, _log(gate)}):
            path = self._work / name
            inside = path.rglob("*") if path.is_dir() else [path]
            yield from (p.relative_to(self._work).as_posix() for p in inside if p.is_file())


def forget(root: Path, gates: Iterable[Gate]) -> None:
    """Remove what is kept of some gates, so that they run whatever is in it."""
    for gate in gates:
        _place(root, gate).unlink(missing_ok=True)


def told(result: Result) -> Result:
    """Have a kept result say so, wherever it is shown."""
    moment = (result.started or "").replace("T", " ")[:16]
    return replace(result, reason=f"kept from {moment} UTC, nothing that it reads has changed")


def _place(root: Path, gate: Gate) -> Path:
    return root / STORE / f"{gate.name}.zip"


def _log(gate: Gate) -> str:
    return f"logs/{gate.name}.log"


def _files(root: Path, pattern: str) -> Iterator[Path]:
    found = (path.relative_to(root) for path in root.glob(pattern) if path.is_file())
    return (path for path in found if "__pycache__" not in path.parts)


def _installed() -> list[str]:
    """Name the installed packages with their versions, as their folders do."""
    return sorted(path.name for path in Path(sysconfig.get_path("purelib")).glob("*.dist-info"))


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
