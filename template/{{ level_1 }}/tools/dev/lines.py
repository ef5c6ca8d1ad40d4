"""Everybody's log lines on one terminal, each with the name of who wrote it."""

import asyncio
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from typing import TextIO

from tools.console import paint, say

_COLOURS = ("cyan", "magenta", "blue", "yellow", "green")
_KEPT = 20
_CHUNK = 65536


class Lines:
    """Prefixes lines with names, aligned, each name in its own colour."""

    def __init__(self, names: Iterable[str], out: TextIO) -> None:
        self._out = out
        self._colours = {name: _COLOURS[i % len(_COLOURS)] for i, name in enumerate(names)}
        self._width = max(map(len, self._colours))
        self._last = {name: deque[str](maxlen=_KEPT) for name in self._colours}

    def write(self, name: str, line: str) -> None:
        """Print one line of one service."""
        self._last[name].append(line)
        prefix = paint(f"{name:<{self._width}} |", self._colours[name], self._out)
        self.tell(f"{prefix} {line}")

    def tell(self, text: str) -> None:
        """Print a line of the runner's own; a terminal that has gone away is no reason to fail."""
        with suppress(OSError):
            say(text, self._out)

    def last(self, name: str) -> str:
        """Return what a service said last, indented."""
        return "\n".join(f"    {line}" for line in self._last[name])

    async def follow(self, name: str, stream: asyncio.StreamReader) -> None:
        """Print a stream until it ends; lines may have any length."""
        rest = b""
        while chunk := await stream.read(_CHUNK):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self.write(name, line.decode(errors="replace").rstrip("\r"))
        if rest:
            self.write(name, rest.decode(errors="replace"))
