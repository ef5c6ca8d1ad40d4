"""What a person sees: results on stdout, everything about them on stderr."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def say(text: str = "") -> None:
    """Print a line of the result."""
    sys.stdout.write(f"{text}\n")


def note(text: str) -> None:
    """Print a line about the run."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def say_json(document: object) -> None:
    """Print the one JSON document of a command."""
    say(json.dumps(document, ensure_ascii=False, indent=2))


@contextmanager
def progress(text: str) -> Iterator[None]:
    """Show that something is going on, on a terminal only."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield
        return
    from rich.console import Console  # noqa: PLC0415  (rich is slow to import and rarely needed)

    with Console(stderr=True).status(text):
        yield


def be_robust() -> None:
    """Let a character that the terminal cannot show become an escape instead of a failure."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
