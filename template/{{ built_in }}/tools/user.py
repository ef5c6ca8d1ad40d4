"""Makes an account for what `make dev` runs: `make user email=anna@example.com roles=reader`."""

import os
import sys
from pathlib import Path

from chassis_accounts.user import main as make_user
from tools.common import ToolError, say
from tools.dev.system import SYSTEM, base_environment, chosen_ports, read_system


def main() -> int:
    """Find the data service, have the account made there, and return the exit code."""
    root = Path.cwd()
    try:
        system = read_system(root / SYSTEM)
        known = base_environment(root, system.env_files, system.stand_ins)
        keeper = next(service for service in system.services if service.upgrade)
        port = chosen_ports(system, known)[keeper.name]
    except ToolError as error:
        say(str(error), sys.stderr)
        return error.exit_code
    os.environ.update({**known, "DATA_API_URL": f"http://{system.host}:{port}"})
    make_user()
    return 0


if __name__ == "__main__":
    sys.exit(main())
