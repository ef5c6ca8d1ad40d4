"""Migrations without Docker: on what `make dev` keeps data in, whether or not it is running."""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from tools.common import ToolError, say
from tools.common.tables import fill
from tools.dev.postgres import installed_postgres
from tools.dev.postmaster import postmaster_of
from tools.dev.servers import database, embedded_owner_url, servers
from tools.dev.system import (
    SYSTEM,
    System,
    base_environment,
    chosen_ports,
    migration_environment,
    read_system,
    service_environment,
    without_libpq,
)

_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand and return the exit code."""
    given = _parser().parse_args(arguments)
    root = Path.cwd()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        system = read_system(root / SYSTEM)
        if given.subcommand == "psql-url":
            say(psql_url(system, root), sys.stdout)
            return 0
        if given.subcommand == "psql":
            named = os.environ.get(system.database.variable)
            psql(psql_url(system, root), os.environ if named else without_libpq(os.environ))
        return migrate(system, root, getattr(given, "message", None))
    except ToolError as error:
        say(str(error), sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return _INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.db", description="Work on the database of `make dev`."
    )
    subcommands = parser.add_subparsers(dest="subcommand", required=True)
    subcommands.add_parser("migrate", help="bring the database up to date")
    revision = subcommands.add_parser("revision", help="write a migration from the models")
    revision.add_argument(
        "-m", "--message", required=True, type=_message, help="what the migration does"
    )
    subcommands.add_parser("psql", help="open psql on the running database")
    subcommands.add_parser("psql-url", help="print the running database's address for psql")
    return parser


def _message(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError('say what it does: make migration m="add a table"')
    return text


def migrate(system: System, root: Path, message: str | None) -> int:
    """Apply all migrations; with a message, write a new one afterwards."""
    base = base_environment(root, system.env_files)
    ports = chosen_ports(system, base)
    kept = replace(system, servers=tuple(one for one in system.servers if one.migrated))
    with database(system, root) as connection, servers(kept, root) as others:
        urls = {"database": connection.url} | {name: one.url for name, one in others.items()}
        for service in system.services:
            own = service_environment(service, system, base, ports, urls)
            environment = migration_environment(system, own, connection.owner_url)
            commands = [service.upgrade]
            if message is not None:  # a difference can only be taken from an up-to-date database
                commands.append(_with_message(service.revision, message))
            for command in filter(None, commands):
                code = subprocess.run(  # noqa: S603 (a command of services.toml, never a shell)
                    command, cwd=root, env=environment, check=False
                ).returncode
                if code != 0:
                    raise ToolError(
                        f"{service.name}: {' '.join(command)} failed (exit code {code})"
                    )
    return 0


def _with_message(command: Sequence[str], message: str) -> tuple[str, ...]:
    return tuple(fill(word, {"message": message}, "migrations.revision") for word in command)


def psql_url(system: System, root: Path) -> str:
    """Return the owner's address without the driver's name, which psql does not know."""
    variables = (system.database.owner_variable, system.database.variable)
    url = os.environ.get(system.database.variable) and next(
        filter(None, map(os.environ.get, variables))
    )
    if not url:
        server = postmaster_of(root / system.database.data)
        if server is None or not server.alive:
            raise ToolError("the database is not running; start it with: make dev")
        url = embedded_owner_url(system, server.socket_dir)
    return re.sub(r"^(\w+)\+\w+:", r"\1:", url)


def psql(url: str, environment: Mapping[str, str]) -> NoReturn:
    """Go on as psql: the installed one, or that of the embedded PostgreSQL."""
    program = shutil.which("psql") or str(installed_postgres()[0] / "psql")
    os.execve(program, [program, f"--dbname={url}"], environment)  # noqa: S606 (no shell)


if __name__ == "__main__":
    sys.exit(main())
