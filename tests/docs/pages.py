"""Markdown pages as their fenced blocks: commands, what they print, files to write."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.support import ROOT

FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")]
)


@dataclass(frozen=True)
class Block:
    """One fenced block; one without a language is commands for a shell."""

    page: str
    line: int
    language: str
    text: str

    @property
    def is_shell(self) -> bool:
        return not self.language

    @property
    def path(self) -> str | None:
        """Where a file that is shown belongs: its first line says so."""
        found = re.match(r"# (\S+/\S+\.py)\n", self.text) if self.language == "python" else None
        return found[1] if found else None

    @property
    def first(self) -> str:
        """The first command, by which tables name the block."""
        return self.text.split("\n", maxsplit=1)[0].rstrip(" \\").partition("  #")[0].rstrip()


def blocks(page: str) -> list[Block]:
    return list(_blocks(page, (ROOT / page).read_text("utf-8")))


def _blocks(page: str, text: str) -> Iterator[Block]:
    for found in FENCE.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        yield Block(page, line, found["language"], found["text"])


def missing_line(expected: str, printed: str) -> str | None:
    """The first line of `expected` that was not printed, in this order; `...` is anything.

    Gates run side by side and print as they end: their lines may stand in any order.
    """
    all_lines = [_squeezed(line) for line in printed.splitlines()]
    following = iter(all_lines)
    for wanted in filter(None, map(_squeezed, expected.splitlines())):
        pattern = re.compile(".*".join(map(re.escape, wanted.split("..."))))
        lines = all_lines if wanted.startswith("✓") else following
        if not any(pattern.search(line) for line in lines):
            return wanted
    return None


def _squeezed(line: str) -> str:
    return re.sub(r"\s+", " ", line).strip()
