"""What would be generated, without writing it, and what can be asked for at all."""

from ferrata.planning.matrix import (
    Combination,
    combinations,
    covering,
    factors,
    pairs,
    requests,
    sample,
    show_combinations,
)
from ferrata.planning.plan import ASSIGNMENT, VARIABLES, show_plan

__all__ = [
    "ASSIGNMENT",
    "VARIABLES",
    "Combination",
    "combinations",
    "covering",
    "factors",
    "pairs",
    "requests",
    "sample",
    "show_combinations",
    "show_plan",
]
