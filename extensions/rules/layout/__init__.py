"""The layout of generated Python, without a formatter run."""

from .imports import as_members
from .modules import python

__all__ = ["as_members", "python"]
