"""What was answered so far for a project that is not there yet: kept at every step."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from ferrata.base import note, reason

Reply = tuple[str, Any]


class Draft:
    """The replies to the questions about one destination, in a file of the user's."""

    def __init__(self, dest: Path, *, kept: bool = True) -> None:
        """Read what is there; what cannot be read is begun anew. One may live in memory alone."""
        self.kept = kept
        name = hashlib.sha256(str(dest).encode(errors="surrogateescape")).hexdigest()[:12]
        self.file = _folder() / f"{dest.name[:40]}-{name}.json"
        self.replies: list[Reply] = _read(self.file) if kept else []
        self._told = False

    def save(self) -> None:
        """Write all replies; a draft that cannot be kept stops nothing."""
        if not self.kept:
            return
        part = self.file.with_suffix(".part")
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            part.write_text(json.dumps(self.replies, indent=1), "utf-8")
            part.replace(self.file)
        except OSError as error:
            if not self._told:
                note(f"ferrata: warning: no draft is kept: {self.file}: {reason(error)}")
            self._told = True

    def discard(self) -> None:
        """Forget everything."""
        self.replies.clear()
        self.file.unlink(missing_ok=True)


def _folder() -> Path:
    """Where programs keep what is theirs and can go: the user's state folder."""
    state = os.environ.get("XDG_STATE_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(state) if state else Path.home() / ".local" / "state") / "ferrata" / "drafts"


def _read(file: Path) -> list[Reply]:
    try:
        return [(str(question), reply) for question, reply in json.loads(file.read_text("utf-8"))]
    except (OSError, ValueError, TypeError):
        return []
