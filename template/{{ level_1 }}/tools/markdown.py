"""Markdown tables of texts that may contain anything."""

from collections.abc import Iterable, Iterator, Sequence


def text(value: object) -> str:
    """Return a text that reads as it is: no HTML, no end of a cell, no new line."""
    kept = str(value).strip().replace("\\", "\\\\").replace("<", "\\<").replace("|", "\\|")
    return "<br>".join(kept.splitlines())


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Return the lines of a table; the cells are Markdown already."""
    yield row(header)
    yield row(["---"] * len(header))
    yield from map(row, rows)


def row(cells: Iterable[object]) -> str:
    """Return one line of a table."""
    return f"| {' | '.join(map(str, cells))} |"
