"""`ferrata climb`: a project at another level, with other modules or from a newer template."""

from ferrata.climbing.climb import Request, run

__all__ = ["Request", "run"]
