"""Import contracts: ``python -m tools.check.figures.import_linter FILE``."""

import sys

from tools.check.figures import Measured, main, run
from tools.common import ToolError


def measure() -> Measured:
    """Count the contracts; the exit code says whether all of them were kept."""
    exit_code = run("lint-imports", "--no-logo")
    from importlinter import api  # noqa: PLC0415 - it is there if it has run

    try:
        contracts = api.read_configuration()["contracts_options"]
    except (OSError, ValueError) as error:
        raise ToolError("the contracts cannot be read") from error
    return exit_code, {"contracts": len(contracts)}


if __name__ == "__main__":
    sys.exit(main(measure))
