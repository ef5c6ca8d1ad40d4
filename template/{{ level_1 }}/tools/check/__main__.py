"""The command line of the gates."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tools.check.display import Display
from tools.check.evidence import Result, State, not_run
from tools.check.kept import forget
from tools.check.plan import Gate, Plan, read_plan
from tools.check.report import Moment, document, new_work, publish, remove_work, to_text
from tools.check.run import Run
from tools.common import ToolError, say
from tools.common.code import REPORTS, code_state

PLAN = Path("tools/gates.toml")
GREEN, RED, INTERRUPTED = 0, 4, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the gates and return the exit code: 0 only if every selected gate passed."""
    options = _parser().parse_args(arguments)
    root = Path.cwd()
    try:
        plan = read_plan(root / PLAN)
        gates = plan.selected([*options.only, *(plan.quick if options.quick else ())])
        if options.list:
            _list(plan)
            return GREEN
        return asyncio.run(_check(plan, gates, root, options))
    except ToolError as error:
        say(str(error), sys.stderr)
        return error.exit_code
    except (KeyboardInterrupt, asyncio.CancelledError):
        before = (root / REPORTS / "gates.json").exists()
        told = "the reports of the run before are unchanged" if before else "there is no report"
        say(f"\nstopped; {told}", sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.check", description="Run the gates of tools/gates.toml."
    )
    parser.add_argument(
        "--only", action="append", default=[], metavar="GATE", help="run this gate (repeatable)"
    )
    parser.add_argument("--quick", action="store_true", help="run only those that take seconds")
    parser.add_argument(
        "--fresh", action="store_true", help="run also what passed before on the same files"
    )
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print gates.json on stdout")
    output.add_argument("--list", action="store_true", help="list the gates and run nothing")
    return parser


def _list(plan: Plan) -> None:
    width = max(len(gate.name) for gate in plan.gates)
    for gate in plan.gates:
        say(f"{gate.name:<{width}}  {gate.title}: {' '.join(gate.command)}", sys.stdout)


async def _check(
    plan: Plan, gates: tuple[Gate, ...], root: Path, options: argparse.Namespace
) -> int:
    _cancel_on(signal.SIGTERM)
    if options.fresh:
        forget(root, gates)
    work = new_work(root)
    display = Display(gates, sys.stderr if options.json else sys.stdout, sys.stderr, work)
    try:
        run = Run(plan, gates, root, work, display)
        content, results = await _run(plan, run, root, display)
        publish(content, results, root, work)
    finally:
        display.clear()
        remove_work(work)
    ran = [result for result in results if result.gate in gates]
    display.unproved(content)
    display.requirements(content)
    left_out = [result.gate.name for result in results if result.gate not in gates]
    display.summary(ran, content["duration_s"], left_out)
    if options.json:
        sys.stdout.write(to_text(content))
    return GREEN if all(result.state is State.PASSED for result in ran) else RED


async def _run(
    plan: Plan, run: Run, root: Path, display: Display
) -> tuple[dict[str, Any], list[Result]]:
    started, code = datetime.now(UTC), await code_state(root, os.environ)
    refreshing = asyncio.create_task(display.refresh())
    try:
        ran = {result.gate.name: result for result in await run.results()}
    finally:
        refreshing.cancel()
        with suppress(asyncio.CancelledError):
            await refreshing
    results = [ran.get(gate.name) or not_run(gate, "not selected") for gate in plan.gates]
    return document(plan, results, Moment(started, datetime.now(UTC), code)), results


def _cancel_on(number: signal.Signals) -> None:
    if task := asyncio.current_task():
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)


if __name__ == "__main__":
    sys.exit(main())
