"""What is wrong with answers, and what contradicts itself in them."""

from .availability import unavailable
from .changes import refused_changes
from .contradictions import warnings
from .problem import Problem
from .validation import problems

__all__ = ["Problem", "problems", "refused_changes", "unavailable", "warnings"]
