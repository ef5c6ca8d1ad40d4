"""The report of the coverage tool: how much in total, and in each folder."""

import json
from pathlib import Path
from typing import Any

from tools.check.plan import CoverageRule
from tools.check.result import Coverage, MissingEvidenceError, rounded_down


def read_coverage(rule: CoverageRule, root: Path, work: Path) -> Coverage:
    """Read coverage's JSON report: the total, and each folder of its own."""
    path = work / rule.data
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        total = float(report["totals"]["percent_covered"])
        files: dict[str, Any] = report["files"]
        by_service = {name: _folder(name, files) for name in measured_folders(rule, root)}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MissingEvidenceError(f"no coverage report was written ({rule.data})") from error
    return Coverage(total, rule.threshold, by_service)


def measured_folders(rule: CoverageRule, root: Path) -> list[str]:
    """Return the folders that must appear in the report: each one that is a package."""
    found = [path.parent for glob in rule.folders for path in root.glob(f"{glob}/pyproject.toml")]
    return sorted(path.relative_to(root).as_posix() for path in found)


def _folder(name: str, files: dict[str, Any]) -> float:
    summaries = [data["summary"] for path, data in files.items() if path.startswith(f"{name}/")]
    if not summaries:
        raise MissingEvidenceError(f"coverage says nothing about {name}: no file was measured")
    parts = sum(s["num_statements"] + s.get("num_branches", 0) for s in summaries)
    covered = sum(s["covered_lines"] + s.get("covered_branches", 0) for s in summaries)
    return rounded_down(100 * covered / parts) if parts else 100.0
