"""What a run looks like at the terminal."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from tools.check.evidence import Result, State
from tools.check.plan import Gate
from tools.check.report import log_path
from tools.common import paint, say, shown

_LOOKS = {
    State.PASSED: ("✓", "+", "green"),
    State.FAILED: ("✗", "x", "red"),
    State.NOT_RUN: ("○", "-", "yellow"),
}
_SHOWN_LINES = 40
_SHOWN_WIDTH = 300


class Display:
    """One line a gate on `out`; on a terminal also what is running, on `progress`."""

    def __init__(
        self, gates: Sequence[Gate], out: TextIO, progress: TextIO, work: Path = Path()
    ) -> None:
        self._width = max(len(gate.name) for gate in gates)
        self._out = out
        self._progress = progress
        self._running: dict[str, float] = {}
        self._notes = {
            gate.name: work / f"{gate.outcomes}.progress" for gate in gates if gate.outcomes
        }

    def started(self, gate: Gate) -> None:
        """Remember that a gate is running."""
        self._running[gate.name] = time.monotonic()

    def ended(self, result: Result) -> None:
        """Print a gate's line and, unless it passed, what its tool said."""
        self._running.pop(result.gate.name, None)
        self.clear()
        self._print(self._line(result))
        if result.state is not State.PASSED and result.started_at_all:
            self._print(paint(self._excerpt(result), "dim", self._out))
        if result.state is State.FAILED and result.gate.remedy:
            self._print(f"    {result.gate.remedy}")

    def _line(self, result: Result) -> str:
        mark, fallback, colour = _LOOKS[result.state]
        mark = paint(shown(mark, fallback, self._out), colour, self._out)
        said = ": ".join(filter(None, [result.figure, result.reason]))
        if result.state is State.NOT_RUN:
            said = f"NOT RUN: {result.reason}"
        ran = result.started_at_all and not result.kept
        seconds = f"  {result.duration_s:.1f} s" if ran else ""
        return f"{mark} {result.gate.name:<{self._width}}  {said}{seconds}"

    def _excerpt(self, result: Result) -> str:
        noise = result.gate.noise or re.compile(r"(?!)")
        lines = [line for line in result.output.rstrip().splitlines() if not noise.search(line)]
        kept = [f"    {line[:_SHOWN_WIDTH]}" for line in lines[-_SHOWN_LINES:]]
        if hidden := len(lines) - len(kept):
            kept.insert(0, f"    ... {hidden} lines before these")
        return "\n".join([*kept, f"    full log: {log_path(result)}"])

    def requirements(self, content: Mapping[str, Any]) -> None:
        """Print how many requirements are in which state, and which ones nothing proves."""
        rows = content["requirements"]
        if not rows:
            return
        said = []
        for state in dict.fromkeys(row["state"] for row in rows):
            ids = [row["id"] for row in rows if row["state"] == state]
            named = f" ({', '.join(ids)})" if state in {"failed", "uncovered"} else ""
            said.append(f"{len(ids)} {state}{named}")
        self._print(f"Requirements: {', '.join(said)}.")

    def unproved(self, content: Mapping[str, Any]) -> None:
        """Print how many tests proved nothing, by the reasons that they give."""
        tests = content["unproved_tests"] or ()
        reasons = Counter((test["outcome"], test["reason"] or "no reason given") for test in tests)
        for (outcome, reason), number in reasons.most_common():
            self._print(f"  {number} {outcome}: {reason}")

    def summary(
        self, results: Sequence[Result], seconds: float, left_out: Sequence[str] = ()
    ) -> None:
        """Print the last line: what to do now, and what this run says nothing about."""
        bad = [result.gate.name for result in results if result.state is not State.PASSED]
        if not bad:
            said = "The gate" if len(results) == 1 else f"All {len(results)} gates"
            left = f" Not run: {', '.join(left_out)}." if left_out else ""
            names = ", ".join(result.gate.name for result in results if result.kept)
            kept = f" Kept from an earlier run: {names} (--fresh runs it again)." if names else ""
            self._print(f"{said} passed in {seconds:.1f} s.{kept}{left}")
            return
        again = " ".join(f"--only {name}" for name in bad)
        verdict = f"{len(bad)} of {len(results)} gates did not pass ({', '.join(bad)})."
        self._print(
            f"{paint(verdict, 'red', self._out)} Put right what is shown above, then run:"
            f" uv run python -m tools.check {again}"
        )

    async def refresh(self) -> None:
        """Keep the progress line up to date until cancelled."""
        while self._progress.isatty():
            now = time.monotonic()
            running = (
                f"{name} {now - since:.0f} s{self._done(name)}"
                for name, since in self._running.items()
            )
            if text := ", ".join(running):
                self._progress.write(f"\r\x1b[Krunning: {text}")
                self._progress.flush()
            await asyncio.sleep(0.2)

    def _done(self, gate: str) -> str:
        """Say how many tests of a gate are done, as its tool notes it beside its report."""
        try:
            return f" ({self._notes[gate].read_text(encoding='utf-8')} tests)"
        except (KeyError, OSError):
            return ""

    def clear(self) -> None:
        """Remove the progress line."""
        if self._progress.isatty():
            self._progress.write("\r\x1b[K")
            self._progress.flush()

    def _print(self, text: str) -> None:
        say(text, self._out)
