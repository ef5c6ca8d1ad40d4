"""The data of production: a backup now, a restore drill, and the follower that takes over."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.common import ToolError, say
from tools.common.processes import only_one
from tools.production import secret_files
from tools.production.compose import Compose

KEEPER = "postgres-keeper"
SCRIPTS = "/opt/postgres"
_KINDS = ("full", "diff")


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is asked for, and return the exit code."""
    given = _parser().parse_args(arguments)
    root = Path.cwd()
    folder = root / os.environ.get("SECRETS", "secrets")
    # What is done here is about no release.
    compose = Compose(root, "none", folder, secret_files.gateway_user(folder))
    try:
        compose.check()
        if given.command == "backup":
            back_up(compose, given.kind)
        elif given.command == "drill":
            drill(compose, given.time)
        else:
            with only_one(root / ".deploy/lock", "a deployment"):
                fail_over(compose)
    except ToolError as error:
        say(str(error), sys.stderr)
        return error.exit_code
    return 0


def back_up(compose: Compose, kind: str) -> None:
    """Make a backup besides those on the schedule."""
    _run(compose, "pgbackrest.sh", f"--type={kind}", "--log-level-console=info", "backup")


def drill(compose: Compose, time: str) -> None:
    """Restore what is there now, or was at a time, beside the database, and check it."""
    _run(compose, "drill.sh", *([time] if time else []))


def fail_over(compose: Compose) -> None:
    """Have the follower lead, and the one that led follow it.

    The one that leads is stopped first: if it still can, it sends the follower all that it has.
    """
    keeper = [*compose.containers(KEEPER), ""][0]
    if not keeper:
        raise ToolError(f"{KEEPER} does not run: start it, docker compose ... up {KEEPER}")
    script = ("exec", keeper, "bash", f"{SCRIPTS}/take_over.sh")
    leader, follower = compose.docker(*script, "ask").split()
    compose.do("stop", leader)
    say(compose.docker(*script, "do", follower).strip(), sys.stdout)
    compose.do("up", "--detach", "--no-deps", "--no-build", leader)
    say(f"{leader} follows as soon as it has a copy", sys.stdout)


def _run(compose: Compose, script: str, *words: str) -> None:
    compose.do("exec", "-T", KEEPER, "bash", f"{SCRIPTS}/{script}", *words)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.production.database", description="The data of production."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    backup = commands.add_parser("backup", help="make a backup now")
    backup.add_argument("--kind", choices=_KINDS, default="full", help="what it is based on")
    restore = commands.add_parser("drill", help="restore beside the database, and check it")
    restore.add_argument("--time", default="", help="as it was then: 2026-01-31 12:00:00+00")
    commands.add_parser("failover", help="have the follower lead")
    return parser


if __name__ == "__main__":
    sys.exit(main())
