"""Lint and formatting: ``python -m tools.check.figures.ruff FILE check``, or ``format --check``.

To lint, each finding counts; to format, each file that has to change.
"""

import json
import sys
from pathlib import Path

from tools.check.figures import Measured, main, tell, written
from tools.common import ToolError

_NO_CODE = "pyproject.toml"  # which is linted, too


def measure(*words: str) -> Measured:
    """Count the findings, and the files of Python that were looked at."""
    exit_code, report = written("ruff", *words, "--output-format", "json", ".")
    try:
        found = json.loads(report)
    except ValueError as error:
        raise ToolError(f"ruff has written no report: {report}") from error
    for one in found:
        place = f"{one['location']['row']}:{one['location']['column']}"
        tell(one["filename"], place, f"{one['code']} {one['message']}")
    _, names = written("ruff", "check", "--show-files", ".")
    files = [name for name in names.splitlines() if Path(name).name != _NO_CODE]
    return exit_code, {"findings": len(found), "files": len(files)}


if __name__ == "__main__":
    sys.exit(main(measure))
