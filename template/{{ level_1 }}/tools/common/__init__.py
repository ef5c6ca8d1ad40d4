"""What all tools share: expected failures, writing to the terminal and to files."""

import os
import re
import tempfile
from pathlib import Path
from typing import TextIO

_CODES = {"red": 31, "green": 32, "yellow": 33, "blue": 34, "magenta": 35, "cyan": 36, "dim": 2}
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]")


class ToolError(Exception):
    """Something the person at the terminal can put right; the message says how."""

    exit_code = 1


class UsageError(ToolError):
    """The command line or a configuration file is wrong."""

    exit_code = 2


def coloured(stream: TextIO) -> bool:
    """Say whether to colour what is written to this stream."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(text: str, colour: str, stream: TextIO) -> str:
    """Return the text in a colour, or as it is where colour is not wanted."""
    return f"\x1b[{_CODES[colour]}m{text}\x1b[0m" if coloured(stream) else text


def plain(text: str) -> str:
    """Remove colour and control characters, which would garble a report."""
    return _CONTROL.sub("", text)


def shown(text: str, fallback: str, stream: TextIO) -> str:
    """Return the text if the stream's encoding has it, else the fallback."""
    try:
        text.encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return fallback
    return text


def say(text: str, stream: TextIO) -> None:
    """Write a line at once, with a question mark for what the encoding does not have."""
    encoding = stream.encoding or "ascii"
    stream.write(text.encode(encoding, "replace").decode(encoding) + "\n")
    stream.flush()


def write_atomically(path: Path, text: str, mode: int = 0o644) -> None:
    """Write beside the target and rename, so that no reader sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as stream:
            stream.write(text)
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
