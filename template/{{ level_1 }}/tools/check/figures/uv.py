"""The lock file: ``python -m tools.check.figures.uv FILE``."""

import sys
import tomllib
from pathlib import Path

from tools.check.figures import Measured, main, run
from tools.common import ToolError

_LOCK = Path("uv.lock")


def measure() -> Measured:
    """Count the packages that are locked."""
    exit_code = run("uv", "lock", "--check")
    try:
        packages = tomllib.loads(_LOCK.read_text(encoding="utf-8"))["package"]
    except (OSError, ValueError, KeyError) as error:
        raise ToolError(f"{_LOCK} cannot be read") from error
    return exit_code, {"packages": len(packages)}


if __name__ == "__main__":
    sys.exit(main(measure))
