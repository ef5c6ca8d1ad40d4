"""Where the bytes of files are in the store: by keys that nobody chooses.

What was uploaded is under the id of its file, and is written once. Workers write what they make of it
into folders of their own, so that none writes over what another one has decided on: the file names
the worker whose work is kept.
"""

import re
from typing import Final
from uuid import UUID

from chassis_files.files import StoredFileRead

MADE = "made"
"""The folder of what workers have made."""

_OURS: Final = re.compile(r"(?:[a-z]+/)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:/|$)")


def is_ours(key: str) -> bool:
    """Say whether files are kept under such a key: in a bucket there may be more than files."""
    return _OURS.match(key) is not None


def made_of(file_id: UUID) -> str:
    """Say in which folder everything is that was made of a file, by whomever."""
    return f"{MADE}/{file_id}"


def made(file_id: UUID, by: str) -> str:
    """Say in which folder is what one worker has made of a file."""
    return f"{made_of(file_id)}/{by}"


def content_in(folder: str) -> str:
    """Say where in such a folder the file itself is."""
    return f"{folder}/content"


def key_of(file: StoredFileRead) -> str:
    """Say where the bytes of a clean file are."""
    return content_in(made(file.id, file.made_by)) if file.made_by else str(file.id)
