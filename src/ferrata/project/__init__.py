"""A project that is there: its folder, and what it remembers of its template and answers."""

from ferrata.project.folder import project_folder
from ferrata.project.recorded import RESTORE, Recorded, edited_by_hand, read, source

__all__ = ["RESTORE", "Recorded", "edited_by_hand", "project_folder", "read", "source"]
