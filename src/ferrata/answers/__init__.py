"""Reading answers, and saying whether they are complete."""

from ferrata.answers.beginning import Beginning
from ferrata.answers.completeness import (
    as_lines,
    note_warnings,
    refuse_invalid,
    told,
    verdict,
    warnings,
)
from ferrata.answers.reading import Loader, load, with_settings

__all__ = [
    "Beginning",
    "Loader",
    "as_lines",
    "load",
    "note_warnings",
    "refuse_invalid",
    "told",
    "verdict",
    "warnings",
    "with_settings",
]
