"""Where clients get what is in files, and how long they may keep it."""

from dataclasses import dataclass

from chassis_files.files import FileRead, StoredFileRead

PREFIX = "/api/v1/files"
PRIVATE = "private, no-cache"
"""How long a file may be kept: it may be gone tomorrow, so clients ask each time."""


class FileShown(FileRead):
    """A file as the API shows it."""

    content_url: str
    """Where what is in it is given out, once it is clean."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How files are given out."""

    base: str = ""
    """The address before the path; nothing for wherever the API is reached."""
    cache: str = PRIVATE

    def shown(self, file: StoredFileRead) -> FileShown:
        """Leave out what only the services need to know, and say where the content is."""
        known = file.model_dump(include=set(FileRead.model_fields))
        return FileShown(**known, content_url=f"{self.base}{PREFIX}/{file.id}/content")
