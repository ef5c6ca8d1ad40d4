"""Looking at a project: its gates, its coverage, its hand-off, its drift."""

from ferrata.checking.coverage import lacks
from ferrata.checking.doctor import examine
from ferrata.checking.gates import run_climbed, run_gates
from ferrata.checking.handoff import hand_off

__all__ = ["examine", "hand_off", "lacks", "run_climbed", "run_gates"]
