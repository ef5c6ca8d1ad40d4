"""Compare a day with the books of the providers now, and write a report.

``python -m chassis_payments.reconciling PACKAGE.main:create_worker [--day DAY] [--report FILE]``, with the
environment of a worker. The day is the one before, in UTC, unless another one is given. It ends
with 1 if there are differences, and with 2 if something could not be compared.
"""

import asyncio
import datetime as dt
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chassis.problems import ProblemError
from chassis_payments.reconciliations import ReconciliationEnd

if TYPE_CHECKING:
    from chassis_payments.reconciling.daily import ReconcileDays

type Found = Mapping[str, ReconciliationEnd | None]

REMEDIES = {
    "missing_here": "POST /api/v1/provider-payments/{id}/look writes it down, if it is of a payment here",
    "missing_there": "the provider does not have it: ask the provider, then correct the books by hand",
    "another_amount": "ask the provider which one is right",
    "another_state": "ask the provider; a look writes down a refund that came back, and nothing else is undone",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, print and write the report."""
    parser = ArgumentParser(description="Compare a day with the books of the providers.")
    parser.add_argument("factory", help="what makes the worker: MODULE:FUNCTION")
    parser.add_argument("--day", type=_day, default=_yesterday(), help="such as 2026-11-28")
    parser.add_argument("--report", type=Path, help="where the report is written, too")
    given = parser.parse_args(arguments)
    module, _, function = given.factory.partition(":")
    worker = getattr(import_module(module), function)()
    found = asyncio.run(compared(worker, given.day))
    text = report(given.day, found)
    sys.stdout.write(text)
    if given.report:
        given.report.parent.mkdir(parents=True, exist_ok=True)
        given.report.write_text(text, encoding="utf-8")
    if not found or None in found.values():
        return 2
    return int(any(end.differences for end in found.values() if end))


async def compared(worker: Any, day: dt.date) -> Found:
    """Compare a day with every provider that has an account."""
    work: ReconcileDays = worker.state.reconcile_payments()
    found: dict[str, ReconciliationEnd | None] = {}
    try:
        for name, provider in work.providers.known.items():
            try:
                found[name] = await work.again(provider, day)
            except ProblemError as error:
                sys.stderr.write(f"{name}: {error.detail}\n")
                found[name] = None
    finally:
        for provider in work.providers.known.values():
            await provider.calls.client.aclose()
        await worker.state.http.close()
    return found


def report(day: dt.date, found: Found) -> str:
    """Write what was found, for people."""
    lines = [f"# Reconciliation of {day} (UTC)", ""]
    if not found:
        lines.append("No provider has a key: nothing was compared.")
    for name, end in found.items():
        if end is None:
            lines.append(
                f"- {name}: not compared; it is away, or another process compares this day"
            )
            continue
        lines.append(f"- {name}: {end.checked} movements, {len(end.differences)} differences")
        for one in end.differences:
            about = f"payment {one.payment_id}" if one.payment_id else "no payment of this system"
            money = f"here {one.here or '-'}, there {one.there or '-'}"
            lines.append(f"  - {one.trouble}: {one.kind} {one.reference}, {about}: {money}")
            lines.append(f"    {REMEDIES[one.trouble]}")
    return "\n".join(lines) + "\n"


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        msg = f'must be a day such as 2026-11-28, got: "{text}"'
        raise ArgumentTypeError(msg) from None


def _yesterday() -> dt.date:
    return dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)


if __name__ == "__main__":
    sys.exit(main())
