"""The security scan: ``python -m tools.check.figures.bandit FILE``."""

import json
import sys

from tools.check.figures import Measured, main, tell, written
from tools.common import ToolError

_OPTIONS = (
    "--quiet",
    "--recursive",
    "--configfile=pyproject.toml",
    "--severity-level=medium",
    "--confidence-level=medium",
    "--format=json",
)


def measure() -> Measured:
    """Count the findings, and the lines that were scanned; a file that was passed over is an error."""
    exit_code, report = written("bandit", *_OPTIONS, ".")
    try:
        seen = json.loads(report)
    except ValueError as error:
        raise ToolError(f"bandit has written no report: {report}") from error
    for one in seen["results"]:
        place = f"{one['line_number']}:{one['col_offset'] + 1}"
        tell(one["filename"], place, f"{one['test_id']} {one['issue_text']}")
    for one in seen["errors"]:
        tell(one["filename"], "1", f"not scanned: {one['reason']}")
    figures = {"findings": len(seen["results"]), "lines": seen["metrics"]["_totals"]["loc"]}
    return exit_code or int(bool(seen["errors"])), figures


if __name__ == "__main__":
    sys.exit(main(measure))
