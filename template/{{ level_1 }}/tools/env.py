"""Makes .env from .env.example, once: secrets are random, and what exists is never changed."""

import re
import secrets
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.common import ToolError, say, write_atomically

EXAMPLE, TARGET = ".env.example", ".env"
_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=")
_SECRET = re.compile(r"#\s*secret\b", re.IGNORECASE)
_SECRET_BYTES = 32
_PRIVATE = 0o600


@dataclass(frozen=True)
class Entry:
    """One assignment of the example, with the comment above it."""

    name: str
    line: str
    comment: tuple[str, ...]

    @property
    def secret(self) -> bool:
        """Say whether the value must be a random one."""
        return any(map(_SECRET.match, self.comment))

    def text(self) -> str:
        """Return the line for .env."""
        return f"{self.name}={secrets.token_urlsafe(_SECRET_BYTES)}" if self.secret else self.line


def main() -> int:
    """Make or complete .env in the current folder, and return the exit code."""
    try:
        for line in make_env(Path.cwd()):
            say(line, sys.stdout)
    except ToolError as error:
        say(str(error), sys.stderr)
        return error.exit_code
    return 0


def make_env(root: Path) -> list[str]:
    """Write .env, and return what was done, line by line, without any secret."""
    example, target = root / EXAMPLE, root / TARGET
    if not example.exists():
        raise ToolError(f"{example} is missing; run this from the project's root")
    lines = example.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    if target.is_symlink() and not target.resolve().is_relative_to(root.resolve()):
        raise ToolError(".env is a link to outside of the project, and stays as it is")
    if not target.exists():
        made = {entry.name: entry for entry in _entries(lines)}
        text = [_new_line(line, made) for line in lines]
        write_atomically(target.resolve(), "\n".join(text) + "\n", _PRIVATE)
        return [".env made from .env.example", *(_said(entry, "set") for entry in made.values())]
    return _complete(target, list(_entries(lines)))


def _complete(target: Path, entries: list[Entry]) -> list[str]:
    # Read as it is, to be written so: its line ends, and bytes that are no UTF-8.
    text = target.read_bytes().decode("utf-8", "surrogateescape")
    end = "\r\n" if "\r\n" in text else "\n"
    known = {match[1] for line in text.splitlines() if (match := _ASSIGNMENT.match(line))}
    missing = [entry for entry in entries if entry.name not in known]
    target.chmod(_PRIVATE)
    if not missing:
        return [".env is complete; nothing changed"]
    added = [line for entry in missing for line in (*entry.comment, entry.text())]
    separator = "" if not text or text.endswith("\n") else end
    more = "".join(f"{line}{end}" for line in added)
    write_atomically(target.resolve(), text + separator + more, _PRIVATE)
    return [_said(entry, "added") for entry in missing]


def _entries(lines: list[str]) -> Iterator[Entry]:
    comment: list[str] = []
    for line in lines:
        if match := _ASSIGNMENT.match(line):
            yield Entry(match[1], line, tuple(comment))
        comment = [*comment, line] if line.startswith("#") else []


def _new_line(line: str, entries: dict[str, Entry]) -> str:
    match = _ASSIGNMENT.match(line)
    return entries[match[1]].text() if match else line


def _said(entry: Entry, done: str) -> str:
    return f"{entry.name}: {done}{' (random)' if entry.secret else ''}"


if __name__ == "__main__":
    sys.exit(main())
