"""Running the gates: lanes side by side, the gates of a lane one after the other."""

import asyncio
import os
import re
import shutil
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase as fnmatch
from importlib import metadata
from pathlib import Path
from typing import Protocol

from tools.check.evidence import Result, State, judge, not_run
from tools.check.kept import Store, told
from tools.check.plan import Gate, Plan
from tools.common import plain
from tools.common.guard import CANNOT_START
from tools.common.processes import output_of, run_logged, tool_path, without_proxy
from tools.common.tables import fill

# Who runs the gates and where files go; no tool changes what it says for these.
_KEPT = ("HOME", "LOGNAME", "USER", "TMPDIR", "XDG_CACHE_HOME", "VIRTUAL_ENV")
_FIXED = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "NO_COLOR": "1", "TERM": "dumb"}
_VERSION = re.compile(r"\d+(?:\.\d+)+\S*")


class Listener(Protocol):
    """Whoever wants to know how the run is going."""

    def started(self, gate: Gate) -> None: ...

    def ended(self, result: Result) -> None: ...


class Run:
    """One run of the selected gates of a plan, with its scratch folder."""

    def __init__(
        self, plan: Plan, gates: tuple[Gate, ...], root: Path, work: Path, listener: Listener
    ) -> None:
        self._plan = plan
        self._gates = gates
        self._root = root
        self._work = work
        self._listener = listener
        self._store = Store(root, work, shell_variables(os.environ, plan.shell))
        self._results: dict[str, asyncio.Future[Result]] = {}

    async def results(self) -> list[Result]:
        """Run everything and return the results in the plan's order."""
        loop = asyncio.get_running_loop()
        self._results = {gate.name: loop.create_future() for gate in self._gates}
        async with asyncio.TaskGroup() as lanes:
            for lane in dict.fromkeys(gate.lane for gate in self._gates):
                lanes.create_task(self._lane(lane))
        return [self._results[gate.name].result() for gate in self._gates]

    async def _lane(self, lane: str) -> None:
        for gate in self._gates:
            if gate.lane == lane:
                result = await self._gate(gate)
                self._results[gate.name].set_result(result)
                self._listener.ended(result)

    async def _gate(self, gate: Gate) -> Result:
        if (unmet := await self._unmet(gate)) is not None:
            return not_run(gate, f"{unmet} did not pass")
        words = self._words(gate)
        digest = self._store.digest(gate) if gate.inputs else ""
        if digest and (kept := self._kept(gate, digest, words)):
            return kept
        result = await self._ran(gate, words)
        # What was changed while the gate ran, it may have read before or after.
        if digest and result.state is State.PASSED and digest == self._store.digest(gate):
            self._store.keep(result, digest, words)
        return result

    def _kept(self, gate: Gate, digest: str, words: tuple[str, ...]) -> Result | None:
        """Return what is kept of a gate, if it passes when it is judged again.

        A run that was measured proves all that one without the coverage does.
        """
        measured = (*gate.command, *gate.measured)
        if (found := self._store.find(gate, digest, words, measured)) is None:
            return None
        judged = self._judged(found)
        return told(judged) if judged.state is State.PASSED else None

    async def _ran(self, gate: Gate, words: tuple[str, ...]) -> Result:
        environment = self._environment(gate)
        command = tuple(self._filled(gate, word) for word in words)
        if (tool := shutil.which(command[0], path=environment["PATH"])) is None:
            return not_run(gate, f"{command[0]} is not installed")
        self._listener.started(gate)
        result = await self._executed(gate, (tool, *command[1:]), environment)
        if result.exit_code == CANNOT_START:
            return not_run(gate, f"{command[0]} {_last_words(result.output)}")
        return self._judged(replace(result, command=command))

    def _words(self, gate: Gate) -> tuple[str, ...]:
        """Return the command; to measure costs time, and is for a run that judges it."""
        rule = self._plan.coverage
        judged = rule is not None and rule.gate in self._results
        return (*gate.command, *gate.measured) if judged else gate.command

    def _judged(self, result: Result) -> Result:
        if _could_not_run(result.gate, result):
            reason = _first(result.gate, result.output)
            return replace(result, state=State.NOT_RUN, reason=reason)
        if result.exit_code is None:
            return result
        return judge(result, self._plan, self._root, self._work)

    async def _unmet(self, gate: Gate) -> str | None:
        for need in gate.needs:
            if need in self._results and (await self._results[need]).state is not State.PASSED:
                return need
        return None

    def _filled(self, gate: Gate, text: str) -> str:
        work = self._work.relative_to(self._root).as_posix()
        return fill(text, {"work": work}, f"gates.{gate.name}")

    def _environment(self, gate: Gate) -> dict[str, str]:
        own = {key: self._filled(gate, value) for key, value in gate.env.items()}
        return {**fixed_environment(os.environ, self._plan.shell), **own}

    async def _executed(
        self, gate: Gate, command: tuple[str, ...], environment: Mapping[str, str]
    ) -> Result:
        log = self._work / "logs" / f"{gate.name}.log"
        started, clock = datetime.now(UTC), time.monotonic()
        exit_code = await run_logged(command, environment, self._root, log, gate.timeout_s)
        clock_s = time.monotonic() - clock
        reason = "" if exit_code == 0 else f"exit code {exit_code}"
        return Result(
            gate=gate,
            state=State.PASSED if exit_code == 0 else State.FAILED,
            reason=f"timed out after {clock_s:.3g} s" if exit_code is None else reason,
            command=command,
            exit_code=exit_code,
            started=started.isoformat(timespec="seconds"),
            duration_s=round(clock_s, 2),
            tool_version=await tool_version(gate.tool, environment),
            output=plain(log.read_text(encoding="utf-8", errors="replace")),
        )


def fixed_environment(shell: Mapping[str, str], kept: Iterable[str]) -> dict[str, str]:
    """Return what every gate runs with, whatever the shell has: figures must not depend on it.

    Of the shell only the variables are kept that are named; the loopback needs no proxy.
    """
    known = shell_variables(shell, (*_KEPT, *kept))
    return {**known, **without_proxy(shell), **_FIXED, "PATH": tool_path(shell)}


def shell_variables(shell: Mapping[str, str], patterns: Iterable[str]) -> dict[str, str]:
    """Return the variables of the shell whose names match one of the patterns."""
    given = tuple(patterns)
    return {key: value for key, value in shell.items() if any(fnmatch(key, p) for p in given)}


def _last_words(output: str) -> str:
    said = output.rstrip().rpartition("\n")[2]
    return said[said.find("could not be started") :]


def _could_not_run(gate: Gate, result: Result) -> bool:
    return bool(result.exit_code and gate.cannot_run and gate.cannot_run.search(result.output))


def _first(gate: Gate, output: str) -> str:
    pattern = gate.cannot_run or re.compile("")
    lines = (line.strip() for line in output.splitlines() if pattern.search(line))
    return next(lines, "it could not run here")


async def tool_version(tool: str, environment: Mapping[str, str]) -> str | None:
    """Return a tool's version: a Python package's is known without starting it."""
    with suppress(metadata.PackageNotFoundError):
        return metadata.version(tool)
    output = await output_of((tool, "--version"), environment, Path.cwd())
    match = _VERSION.search(output or "")
    return match[0] if match else None
