"""Where clients get what is in files, and how long they may keep it."""

from dataclasses import dataclass

from chassis_files.files import FileRead, StoredFileRead

PREFIX = "/api/v1/files"
PRIVATE = "private, no-cache"
"""Clients ask each time, as a file may be gone tomorrow; nobody in between keeps any."""


class FileShown(FileRead):
    """A file as the API shows it."""

    content_url: str
    """Where what is in it is given out, once it is clean."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How files are given out."""

    base: str = ""
    """The address before the path; nothing for wherever the API is reached."""
    seconds: int = 0
    """How long everybody may keep a file; 0 for clients alone, which ask each time."""

    @property
    def cache(self) -> str:
        """Give the header that says so."""
        return f"public, max-age={self.seconds}" if self.seconds else PRIVATE

    def shown(self, file: StoredFileRead) -> FileShown:
        """Leave out what only the services need to know, and say where the content is."""
        known = file.model_dump(include=set(FileRead.model_fields))
        return FileShown(**known, content_url=f"{self.base}{PREFIX}/{file.id}/content")
