"""`ferrata new`: a project that was not there before."""

from ferrata.making.new import Request, run

__all__ = ["Request", "run"]
