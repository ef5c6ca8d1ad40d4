"""Reports on disk; each says only what ran."""

import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tools.check.checklist import checklist
from tools.check.document import REPORTS, log_path
from tools.check.page.page import page
from tools.check.result import Result
from tools.files import write_atomically


def to_text(content: dict[str, Any]) -> str:
    """Return a document as the text of a JSON file."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def publish(content: dict[str, Any], results: Sequence[Result], root: Path, work: Path) -> None:
    """Put a finished run's reports in place; gates.json, which vouches for them, comes last."""
    reports = root / REPORTS
    (reports / "logs").mkdir(parents=True, exist_ok=True)
    for result in results:
        if result.started_at_all:
            _replace(work / "logs" / f"{result.gate.name}.log", root / log_path(result), work)
            for name in result.gate.reports:
                _replace(work / name, reports / name, work)
    write_atomically(reports / "verification-checklist.md", checklist(content))
    write_atomically(reports / "index.html", page(content))
    write_atomically(reports / "gates.json", to_text(content))


def _replace(new: Path, old: Path, work: Path) -> None:
    # A folder cannot be renamed over another one: the old one steps aside first.
    if old.is_dir():
        old.rename(work / f"{old.name}.old")
    elif old.exists():
        old.unlink()
    if new.exists():
        new.rename(old)


def new_work(root: Path) -> Path:
    """Make the scratch folder of a run, on the same disk as the reports."""
    work = root / "artifacts" / f".check-{os.getpid()}"
    shutil.rmtree(work, ignore_errors=True)
    (work / "logs").mkdir(parents=True)
    return work


def remove_work(work: Path) -> None:
    """Remove the scratch folder with whatever a stopped gate left in it."""
    shutil.rmtree(work, ignore_errors=True)
    if work.exists():
        sys.stderr.write(f"{work} could not be removed\n")
