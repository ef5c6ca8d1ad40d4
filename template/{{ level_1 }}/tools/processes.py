"""Child processes: each in its own process group, and ended together with its descendants."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path


def tool_path(environment: Mapping[str, str]) -> str:
    """Return a PATH on which the tools of the running environment come first."""
    scripts = str(Path(sys.executable).parent)
    return os.pathsep.join([scripts, environment.get("PATH", os.defpath)])


def signal_group(group: int, number: signal.Signals) -> None:
    """Signal a whole process group; one that is gone already is no error."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


async def end_group(process: asyncio.subprocess.Process, grace_s: float) -> None:
    """Ask a process and its descendants to end; kill what is left after the grace period."""
    if process.returncode is None:
        signal_group(process.pid, signal.SIGTERM)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), grace_s)
    signal_group(process.pid, signal.SIGKILL)
    await process.wait()
