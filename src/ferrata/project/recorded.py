"""What a project remembers: its template and its answers, as Copier wrote them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

from ferrata.base import Failure
from ferrata.template import ANSWERS_FILE, Source, built_in, find, opened

RESTORE = f"restore it: git checkout HEAD -- {ANSWERS_FILE}"


@dataclass(frozen=True)
class Recorded:
    """The content of the answers file."""

    url: str
    commit: str
    answers: Mapping[str, Any]


def read(project: Path) -> Recorded:
    """Read the answers file, or say why it cannot be one that Copier wrote."""
    try:
        loaded = yaml.safe_load((project / ANSWERS_FILE).read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = str(error).splitlines()[0]
        raise Failure(f"{ANSWERS_FILE} cannot be read: {reason}; {RESTORE}") from None
    if not isinstance(loaded, dict) or not {"_src_path", "_commit"} <= loaded.keys():
        raise Failure(f"{ANSWERS_FILE} does not name its template; {RESTORE}")
    answers = {key: value for key, value in loaded.items() if not str(key).startswith("_")}
    return Recorded(str(loaded["_src_path"]), str(loaded["_commit"]), answers)


def source(recorded: Recorded) -> Source:
    """The recorded template, read from what came with this ferrata if that has the commit."""
    own = built_in(recorded.commit)
    if recorded.url != own.url:
        return find(recorded.url, recorded.commit)
    try:
        with opened(own):
            return own
    except Failure:
        return find(recorded.url, recorded.commit)


def edited_by_hand(project: Path, recorded: Recorded, rules: ModuleType) -> bool:
    """Say whether the answers are others than those that the last update wrote."""
    file = project / rules.FINGERPRINT_FILE
    # A fingerprint that was deleted is restored like every other file of the template.
    if not file.is_file():
        return False
    return bool(file.read_text("utf-8", "replace").strip() != rules.fingerprint(recorded.answers))
