"""Which version of a tool, and which state of the code, a result belongs to."""

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from importlib import metadata
from pathlib import Path

_VERSION = re.compile(r"\d+(?:\.\d+)+\S*")
_LIMIT_S = 10.0


async def tool_version(tool: str, environment: Mapping[str, str]) -> str | None:
    """Return a tool's version: a Python package's is known without starting it."""
    with suppress(metadata.PackageNotFoundError):
        return metadata.version(tool)
    output = await _output((tool, "--version"), environment, Path.cwd())
    match = _VERSION.search(output or "")
    return match[0] if match else None


async def code_state(root: Path, environment: Mapping[str, str]) -> dict[str, str | bool] | None:
    """Return the commit and whether files differ from it; nothing outside git."""
    commit = await _output(("git", "rev-parse", "--verify", "HEAD"), environment, root)
    changes = await _output(("git", "status", "--porcelain", "--", "."), environment, root)
    if commit is None or changes is None:
        return None
    return {"commit": commit.strip(), "dirty": bool(changes.strip())}


async def _output(
    command: tuple[str, ...], environment: Mapping[str, str], root: Path
) -> str | None:
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=root,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return None
    try:
        output, _ = await asyncio.wait_for(process.communicate(), _LIMIT_S)
    except TimeoutError:
        process.kill()
        return None
    return output.decode(errors="replace") if process.returncode == 0 else None
