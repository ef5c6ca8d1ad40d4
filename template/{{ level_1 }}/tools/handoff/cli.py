"""The command line of handing over."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tools.check.document import REPORTS
from tools.console import paint, say, shown
from tools.errors import ToolError
from tools.files import write_atomically
from tools.handoff import deliverables
from tools.handoff.level import FILE, Level, read_level
from tools.handoff.qa_report import qa_report
from tools.handoff.reasons import Reason, read_evidence, reasons
from tools.handoff.tree import Tree, read_tree

QA_REPORT = REPORTS / "qa-report.md"
DONE, REFUSED, INTERRUPTED = 0, 1, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the papers, or say what is in the way; return the exit code."""
    options = _parser().parse_args(arguments)
    root = Path.cwd()
    try:
        level = read_level(root / FILE)
        found, files = asyncio.run(_handed_over(level, root))
    except ToolError as error:
        say(str(error), sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    if options.json:
        sys.stdout.write(_document(level, found, files))
    else:
        _tell(found, files)
    return REFUSED if found else DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.handoff",
        description="Write the QA report and the catalog of deliverables.",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document on stdout")
    return parser


async def _handed_over(level: Level, root: Path) -> tuple[list[Reason], list[str]]:
    tree, content = await read_tree(root), read_evidence(root)
    if isinstance(content, Reason):
        return [content], []
    if found := await reasons(content, tree, root):
        return found, []
    return [], _written(content, tree, level, root)


def _written(content: dict[str, Any], tree: Tree, level: Level, root: Path) -> list[str]:
    # The catalog comes last: it has the report's hash.
    write_atomically(root / QA_REPORT, qa_report(content, level, datetime.now(UTC)))
    files = deliverables.deliverables(tree, root)
    write_atomically(root / deliverables.FILE, deliverables.catalog(level.title, files))
    return [QA_REPORT.as_posix(), deliverables.FILE.as_posix()]


def _document(level: Level, found: list[Reason], files: list[str]) -> str:
    content = {
        "state": "refused" if found else "handed over",
        "level": level.number,
        "reasons": [asdict(reason) for reason in found],
        "files": files,
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _tell(found: list[Reason], files: list[str]) -> None:
    mark = paint(shown("✗", "x", sys.stderr), "red", sys.stderr)
    for reason in found:
        say(f"{mark} {reason}", sys.stderr)
    if found:
        say(f"Not handed over: {len(found)} reason(s), see above.", sys.stderr)
    else:
        say(f"Handed over: {' and '.join(files)}. Commit the catalog.", sys.stdout)
