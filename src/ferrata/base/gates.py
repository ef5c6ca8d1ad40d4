"""Which gates run when a project is made."""

from enum import StrEnum


class Gates(StrEnum):
    """All of them, those that take seconds, or none."""

    ALL = "all"
    QUICK = "quick"
    NONE = "none"
