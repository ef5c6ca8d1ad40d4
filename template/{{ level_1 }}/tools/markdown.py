"""Markdown tables of texts that may contain anything."""

import re
from collections.abc import Iterable, Iterator, Sequence


def text(value: object) -> str:
    """Return a text that reads as it is: no HTML, no end of a cell, no new line."""
    kept = str(value).strip().replace("\\", "\\\\").replace("<", "\\<").replace("|", "\\|")
    return "<br>".join(kept.splitlines())


def span(value: str) -> str:
    """Return a text as code, between as many backticks as it needs."""
    longest = max(map(len, re.findall("`+", value)), default=0)
    fence, space = "`" * (longest + 1), " " if longest else ""
    return f"{fence}{space}{value}{space}{fence}"


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Return the lines of a table; the cells are Markdown already."""
    for cells in (header, ["---"] * len(header), *rows):
        yield f"| {' | '.join(map(str, cells))} |"
