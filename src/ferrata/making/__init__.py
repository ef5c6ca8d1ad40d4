"""`ferrata new`: a project that was not there before."""

from ferrata.making.beginning import Wishes
from ferrata.making.examples import show_examples
from ferrata.making.new import Request, run

__all__ = ["Request", "Wishes", "run", "show_examples"]
