"""Looking at a project: its gates, its coverage, its hand-off, its drift."""

from ferrata.checking.coverage import lacks
from ferrata.checking.doctor import examine
from ferrata.checking.gates import run_climbed, run_gates
from ferrata.checking.handoff import hand_off
from ferrata.checking.red import blame, last_run

__all__ = [
    "blame",
    "examine",
    "hand_off",
    "lacks",
    "last_run",
    "run_climbed",
    "run_gates",
]
