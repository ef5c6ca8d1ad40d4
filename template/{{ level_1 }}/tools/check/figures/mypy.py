"""Types: ``python -m tools.check.figures.mypy FILE``."""

import io
import json
import sys

from tools.check.figures import Measured, main, tell, written
from tools.common import say


def measure() -> Measured:
    """Count the errors, and the files that were looked at."""
    exit_code, report = written("mypy", "--output", "json", "--no-error-summary", ".")
    findings = 0
    for line in report.splitlines():
        if not line.startswith("{"):
            say(line, sys.stdout)
            continue
        one = json.loads(line)
        findings += one["severity"] == "error"
        code = f"  [{one['code']}]" if one["code"] else ""
        tell(one["file"], one["line"], f"{one['severity']}: {one['message']}{code}")
        for hint in (one["hint"] or "").splitlines():
            tell(one["file"], one["line"], f"note: {hint}")
    return exit_code, {"findings": findings, "files": _files()}


def _files() -> int:
    """Ask mypy which files it takes: what it writes for programs does not tell."""
    from mypy.main import process_options  # noqa: PLC0415 - it is there if it has run

    # What is wrong with its settings it has said before.
    files, _ = process_options(["."], stdout=io.StringIO(), stderr=io.StringIO())
    return len(files)


if __name__ == "__main__":
    sys.exit(main(measure))
