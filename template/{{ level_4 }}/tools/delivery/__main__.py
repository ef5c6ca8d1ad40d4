"""The command line of delivery; pipelines call it, and so can you."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tools.common import ToolError, UsageError, say
from tools.delivery import images, machine
from tools.production.compose import Compose
from tools.production.releases import checked


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is asked for, and return the exit code."""
    given = _parser().parse_args(arguments)
    try:
        command: Callable[[Path], None] = given.command
        command(Path.cwd())
    except ToolError as error:
        say(str(error), sys.stderr)
        return error.exit_code
    return 0


def _publish(root: Path) -> None:
    release = _release()
    compose = Compose(root, release, root / "secrets", "101:101")
    compose.check()
    written = images.publish(compose)
    say(f"release {release} is published: {written.relative_to(root)}", sys.stdout)


def _verify(root: Path) -> None:
    count = images.verify(root, _release())
    say(f"{count} images are signed by {images.signer()}", sys.stdout)


def _deploy(root: Path) -> None:
    release = _release()
    with machine.reached() as there:
        machine.deploy(there, root, release)
    say(f"release {release} runs on {there.name}", sys.stdout)


def _rollback(_root: Path) -> None:
    with machine.reached() as there:
        machine.rollback(there)
    say(f"the release before runs on {there.name}", sys.stdout)


def _release() -> str:
    name = os.environ.get("RELEASE", "")
    if not name:
        raise UsageError("RELEASE=... is missing: the tag that is delivered, such as 1.4.0")
    return checked(name)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.delivery", description="From a commit to the machines that run it."
    )
    commands = parser.add_subparsers(required=True)
    for name, command, text in (
        ("publish", _publish, "build, push and sign the images of a release"),
        ("verify", _verify, "check who has signed the images of a release"),
        ("deploy", _deploy, "have a machine run a release"),
        ("rollback", _rollback, "have a machine run the release before"),
    ):
        commands.add_parser(name, help=text).set_defaults(command=command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
