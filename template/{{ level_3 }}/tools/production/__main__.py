"""The command line of production."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path

from tools.common import ToolError, UsageError, say
from tools.common.processes import only_one
from tools.production import releases, rolling, secret_files
from tools.production.compose import Compose

RELEASES = Path(".deploy/releases.txt")
NOTES = Path(".deploy")


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is asked for, and return the exit code."""
    given = _parser().parse_args(arguments)
    root = Path.cwd()
    try:
        _compose(root, releases.NONE).check()
        command: Callable[[Path, argparse.Namespace], None] = given.command
        lock = only_one(root / ".deploy/lock", "a deployment")
        # Who looks on does so also while something is deployed.
        with nullcontext() if command is _run_compose else lock:
            command(root, given)
    except ToolError as error:
        say(str(error), sys.stderr)
        return error.exit_code
    return 0


def _secrets(root: Path, _given: argparse.Namespace) -> None:
    for line in secret_files.make(_folder(root), _files(_compose(root, releases.NONE))):
        say(line, sys.stdout)


def _certificate(root: Path, given: argparse.Namespace) -> None:
    folder, compose = _folder(root), _compose(root, releases.NONE)
    secret_files.make(folder, ())
    if not given.email:
        secret_files.sign(folder, [given.name or "localhost", "localhost"])
        say("a certificate that this machine has signed: for tests only", sys.stdout)
        return
    if not given.name:
        raise UsageError("name=api.example.com is missing: the name under which clients call")
    secret_files.check_replaceable(folder)
    asked = ["certonly", "--webroot", "--webroot-path=/var/lib/acme", "--cert-name=gateway"]
    asked += [f"--domain={given.name}", f"--email={given.email}"]
    asked += ["--agree-tos", "--non-interactive", "--work-dir=/tmp/work", "--logs-dir=/tmp/logs"]
    acme = ("--profile", "acme")
    try:
        compose.do(*acme, "run", "--rm", "--no-deps", "--entrypoint", "certbot", "acme", *asked)
    except ToolError as error:
        raise ToolError(
            f"no certificate for {given.name}: why is said above; what was served before stays"
        ) from error
    secret_files.use(folder, "live/gateway")
    compose.do(*acme, "up", "--detach", "--no-deps", "acme")
    say(f"{given.name} has a certificate: served within a minute, renewed by itself", sys.stdout)


def _images(root: Path, _given: argparse.Namespace) -> None:
    compose = _compose(root, releases.asked_for(root))
    compose.do("build")
    say(f"images of release {compose.release} are here", sys.stdout)


def _deploy(root: Path, _given: argparse.Namespace) -> None:
    release = releases.asked_for(root)
    compose = _checked(root, release)
    with releases.deploying(RELEASES, root, release):
        rolling.deploy(compose, root / NOTES)
    say(f"release {release} runs", sys.stdout)


def _rollback(root: Path, _given: argparse.Namespace) -> None:
    release = releases.before(RELEASES)
    if told := releases.have_files(root, release):
        say(told, sys.stderr)
    rolling.deploy(_checked(root, release.name), root / NOTES)
    releases.went_back(RELEASES, release.name)
    say(f"release {release.name} runs", sys.stdout)


def _run_compose(root: Path, given: argparse.Namespace) -> None:
    _compose(root, releases.here(RELEASES)).become(*given.words)


def _checked(root: Path, release: str) -> Compose:
    """Return a release that has its secrets; say what else will be missed."""
    compose = _compose(root, release)
    files = _files(compose)
    if found := list(secret_files.faults(files)):
        raise ToolError("\n".join(found))
    for file in secret_files.unused(files):
        say(f"nobody is told of alerts until {file} has the address of a receiver", sys.stderr)
    if not (_folder(root) / "tls/current/fullchain.pem").exists():
        say("no certificate yet: TLS fails until `make certificate`", sys.stderr)
    return compose


def _compose(root: Path, release: str) -> Compose:
    folder = _folder(root)
    return Compose(root, release, folder, secret_files.gateway_user(folder))


def _folder(root: Path) -> Path:
    return root / os.environ.get("SECRETS", "secrets")


def _files(compose: Compose) -> list[Path]:
    declared = compose.configuration.get("secrets", {}).values()
    return [Path(secret["file"]) for secret in declared if "file" in secret]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.production", description="Production under Docker Compose."
    )
    commands = parser.add_subparsers(required=True)
    for name, command, text in (
        ("secrets", _secrets, "make each secret that is missing"),
        ("images", _images, "build the images of a release"),
        ("deploy", _deploy, "replace what runs by a release"),
        ("rollback", _rollback, "go back to the release before"),
    ):
        commands.add_parser(name, help=text).set_defaults(command=command)
    words = commands.add_parser("compose", help="run Docker Compose on what runs: compose ps")
    words.set_defaults(command=_run_compose)
    words.add_argument("words", nargs=argparse.REMAINDER, help="what Docker Compose is told")
    certificate = commands.add_parser("certificate", help="get a certificate for the gateway")
    certificate.set_defaults(command=_certificate)
    certificate.add_argument("--name", default="", help="the name under which clients call")
    certificate.add_argument("--email", default="", help="ask Let's Encrypt, with this address")
    return parser


if __name__ == "__main__":
    sys.exit(main())
