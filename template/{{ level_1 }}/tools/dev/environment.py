"""The environment of the services: the shell's and .env's, then what only this run knows."""

import os
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

from tools.dev.system import Service, System
from tools.processes import tool_path
from tools.tables import fill


def base_environment(root: Path) -> dict[str, str]:
    """Return .env's values below those of the shell, with the project's own tools first."""
    from_file = dotenv_values(root / ".env", interpolate=False)
    known = {key: value for key, value in from_file.items() if value is not None}
    return {**known, **os.environ, "PATH": tool_path(os.environ), "PYTHONUNBUFFERED": "1"}


def service_environment(
    service: Service,
    system: System,
    base: Mapping[str, str],
    ports: Mapping[str, int],
    database_url: str,
) -> dict[str, str]:
    """Return what one service runs with; its addresses beat every other source."""
    values = {f"ports.{name}": str(port) for name, port in ports.items()}
    values |= {"host": system.host, "database_url": database_url}
    place = f"services.{service.name}.env"
    return {**base, **{key: fill(text, values, place) for key, text in service.env.items()}}
