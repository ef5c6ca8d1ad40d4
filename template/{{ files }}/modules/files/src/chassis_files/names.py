"""What a file is called: a name that is shown, and never one that finds anything."""

import re
import unicodedata
from typing import Final

LONGEST: Final = 255
NAMELESS: Final = "file"

_FOLDERS = re.compile(r"[/\\]")
# Control characters, those that turn the direction of writing, private use, and half characters.
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"})
_LONGEST_SUFFIX = 20


def safe_name(sent: str) -> str:
    """Make of what a client sent a name that is harmless wherever it is shown."""
    last = _FOLDERS.split(sent)[-1]
    visible = (one for one in last if unicodedata.category(one) not in _INVISIBLE)
    name = " ".join(unicodedata.normalize("NFC", "".join(visible)).split())
    return _cut(name.strip(". ")) or NAMELESS


def _cut(name: str) -> str:
    """Shorten a name, and leave what says its kind."""
    if len(name) <= LONGEST:
        return name
    stem, dot, suffix = name.rpartition(".")
    if not stem or len(suffix) > _LONGEST_SUFFIX:
        return name[:LONGEST]
    return stem[: LONGEST - len(suffix) - 1] + dot + suffix
