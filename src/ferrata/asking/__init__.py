"""Asking on a terminal for what is missing in the answers."""

from ferrata.asking.completing import completed

__all__ = ["completed"]
