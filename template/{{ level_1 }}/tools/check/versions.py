"""Which version of a tool, and which state of the code, a result belongs to."""

import re
from collections.abc import Mapping
from contextlib import suppress
from importlib import metadata
from pathlib import Path

from tools.processes import output_of

_VERSION = re.compile(r"\d+(?:\.\d+)+\S*")
# What a run writes, and the papers about the code, are not the code.
CODE = (".", ":(exclude)artifacts")


async def tool_version(tool: str, environment: Mapping[str, str]) -> str | None:
    """Return a tool's version: a Python package's is known without starting it."""
    with suppress(metadata.PackageNotFoundError):
        return metadata.version(tool)
    output = await output_of((tool, "--version"), environment, Path.cwd())
    match = _VERSION.search(output or "")
    return match[0] if match else None


async def code_state(root: Path, environment: Mapping[str, str]) -> dict[str, str | bool] | None:
    """Return the commit and whether files differ from it; nothing outside git."""
    commit = await output_of(("git", "rev-parse", "--verify", "HEAD"), environment, root)
    changes = await output_of(("git", "status", "--porcelain", "--", *CODE), environment, root)
    if commit is None or changes is None:
        return None
    return {"commit": commit.strip(), "dirty": bool(changes.strip())}
