"""Running git and uv."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from ferrata.base.errors import Failure

# For repositories of our own: the very bytes that git keeps, and nothing that its user set up.
EXACT = (
    ("core.autocrlf", "false"),
    ("core.eol", "lf"),
    ("core.safecrlf", "false"),
    ("core.fileMode", "true"),
    ("core.excludesFile", os.devnull),
    ("core.attributesFile", os.devnull),
    ("core.hooksPath", os.devnull),
    ("core.fsmonitor", "false"),
    ("init.templateDir", ""),
    ("apply.whitespace", "nowarn"),
    ("diff.noprefix", "false"),
    ("commit.gpgSign", "false"),
    ("user.name", "ferrata"),
    ("user.email", "ferrata@localhost"),
    ("advice.detachedHead", "false"),
)
# Variables that would point git at another repository, as inside a git hook.
LOCAL_GIT = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
)


class GitError(Exception):
    """git refused; the message is its last line."""


def need_git() -> None:
    """Refuse to go on without git."""
    if shutil.which("git") is None:
        raise Failure("git is missing on the PATH; install it (https://git-scm.com) and try again")


def git_environment() -> dict[str, str]:
    """The environment for git: no other repository, no questions, answers in English."""
    kept = {key: value for key, value in os.environ.items() if key not in LOCAL_GIT}
    return {**kept, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"}


def with_config(environment: Mapping[str, str], pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Add git configuration to an environment, beside what is there already."""
    start = int(environment.get("GIT_CONFIG_COUNT") or 0)
    added = {"GIT_CONFIG_COUNT": str(start + len(pairs))}
    for number, (key, value) in enumerate(pairs, start):
        added[f"GIT_CONFIG_KEY_{number}"] = key
        added[f"GIT_CONFIG_VALUE_{number}"] = value
    return {**environment, **added}


def git(*arguments: str, at: Path | None = None, exact: bool = False) -> str:
    """Run git and give what it prints; `exact` is for repositories of our own."""
    done = subprocess.run(  # noqa: S603  (the arguments are ours, paths come after `--`)
        ["git", *arguments],  # noqa: S607  (git is found on the PATH, as everywhere)
        cwd=at,
        env=with_config(git_environment(), EXACT if exact else ()),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        check=False,
    )
    if done.returncode:
        raise GitError(_last_line(done.stderr))
    return done.stdout.removesuffix("\n")


def _last_line(text: str) -> str:
    """The line in which git says what is wrong; hints and advice follow it."""
    readable = text.encode(errors="replace").decode()
    lines = [line.strip() for line in readable.splitlines() if line.strip()]
    faults = [line for line in lines if line.startswith(("fatal:", "error:"))]
    return (faults or lines or ["git failed without a word"])[-1]
