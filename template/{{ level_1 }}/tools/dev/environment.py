"""The environment of the services: the shell's and that of files, then what only this run knows."""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from dotenv import dotenv_values

from tools.dev.system import Process, Service, System
from tools.errors import UsageError
from tools.processes import tool_path
from tools.tables import fill, mentioned


def base_environment(root: Path, files: Sequence[str]) -> dict[str, str]:
    """Return the files' values below those of the shell, with the project's own tools first.

    A later file counts more. The name of a file may depend on what is known until then; one that
    cannot be named, or does not exist, is left out.
    """
    known: dict[str, str] = {}
    for file in files:
        variables = {key.lower(): value for key, value in {**known, **os.environ}.items()}
        with suppress(UsageError):
            path = root / fill(file, variables, "dev.env_files")
            from_file = dotenv_values(path, interpolate=False)
            known |= {key: value for key, value in from_file.items() if value is not None}
    return {**known, **os.environ, "PATH": tool_path(os.environ), "PYTHONUNBUFFERED": "1"}


def service_environment(
    service: Service | Process,
    system: System,
    base: Mapping[str, str],
    ports: Mapping[str, int],
    urls: Mapping[str, str],
) -> dict[str, str]:
    """Return what one service runs with; its addresses beat every other source.

    ``urls`` are the addresses of the database and of the servers that run: a variable that needs
    another server is left out.
    """
    values = {f"ports.{name}": str(port) for name, port in ports.items()}
    values |= {f"servers.{name}": url for name, url in urls.items()}
    values |= {"host": system.host, "database_url": urls["database"]}
    away = {f"servers.{server.name}" for server in system.servers} - values.keys()
    place = f"services.{service.name}.env"
    own = {key: text for key, text in service.env.items() if not away & mentioned(text)}
    return {**base, **{key: fill(text, values, place) for key, text in own.items()}}
