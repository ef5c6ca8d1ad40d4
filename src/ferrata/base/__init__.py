"""What every command stands on: its end, its words, git, signals, temporary files."""

from ferrata.base.errors import Exit, Failure, Interrupted, Invalid, UsageFailure, one_line, reason
from ferrata.base.gates import Gates
from ferrata.base.output import be_robust, note, progress, say, say_json
from ferrata.base.package import repository_url, version
from ferrata.base.processes import EXACT, GitError, git, git_environment, need_git, with_config
from ferrata.base.signals import deferred, unwind_on_signals
from ferrata.base.temporary import scratch

__all__ = [
    "EXACT",
    "Exit",
    "Failure",
    "Gates",
    "GitError",
    "Interrupted",
    "Invalid",
    "UsageFailure",
    "be_robust",
    "deferred",
    "git",
    "git_environment",
    "need_git",
    "note",
    "one_line",
    "progress",
    "reason",
    "repository_url",
    "say",
    "say_json",
    "scratch",
    "unwind_on_signals",
    "version",
    "with_config",
]
