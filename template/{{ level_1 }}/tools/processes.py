"""Child processes: each in its own process group, and ended together with its descendants."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

_END_GRACE_S = 3.0
_QUICK_S = 10.0


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


async def output_of(
    command: tuple[str, ...], environment: Mapping[str, str], root: Path
) -> str | None:
    """Return what a quick command prints, or nothing if it is missing, slow or fails."""
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
        output, _ = await asyncio.wait_for(process.communicate(), _QUICK_S)
    except TimeoutError:
        process.kill()
        return None
    return output.decode(errors="replace") if process.returncode == 0 else None


async def run_logged(
    command: tuple[str, ...], environment: Mapping[str, str], root: Path, log: Path, limit: float
) -> int | None:
    """Run a command with its output in a file; return its exit code, or nothing on a timeout."""
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=root,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            return await asyncio.wait_for(process.wait(), limit)
        except TimeoutError:
            return None
        finally:
            await end_group(process, _END_GRACE_S)
