"""The command line of production in Kubernetes."""

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from tools.common import ToolError, UsageError, say, write_atomically
from tools.common.processes import only_one
from tools.kubernetes import alerts, cluster, gateway, manifests, policies, system
from tools.kubernetes.manifests import Manifest
from tools.production import releases
from tools.production.compose import Compose

WRITTEN = Path(".deploy/kubernetes")
OVERLAYS = (Path("deploy/local/kubernetes"), Path("deploy/kubernetes"))
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is asked for, and return the exit code."""
    given = _parser().parse_args(arguments)
    root = Path.cwd()
    try:
        with only_one(root / ".deploy/lock", "a deployment"):
            command: Callable[[Path], None] = given.command
            command(root)
    except ToolError as error:
        say(str(error), sys.stderr)
        return error.exit_code
    return 0


def _manifests(root: Path) -> None:
    say(str(_write(root, releases.asked_for(root))), sys.stdout)


def _deploy(root: Path) -> None:
    release = releases.asked_for(root)
    found = cluster.read(_write(root, release).read_text(encoding="utf-8"))
    there = cluster.Cluster(cluster.namespace(found))
    there.apply(one for one in found if one["kind"] == "Namespace")
    _have_secrets(there, root, found)
    with releases.deploying(_notes(root), root, release):
        for job in (one for one in found if one["kind"] == "Job"):
            say(f"{job['metadata']['name']} ...", sys.stdout)
            there.run(job)
        _replace(there, found)
    say(f"release {release} runs in {there.namespace}", sys.stdout)


def _rollback(root: Path) -> None:
    release = releases.before(_notes(root)).name
    file = _file(root, release)
    try:
        found = cluster.read(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ToolError(f"{file} is missing: deploy RELEASE={release} instead") from None
    there = cluster.Cluster(cluster.namespace(found))
    _replace(there, found)
    releases.went_back(_notes(root), release)
    say(f"release {release} runs in {there.namespace}", sys.stdout)


def _replace(there: cluster.Cluster, found: Sequence[Manifest]) -> None:
    """Replace what runs, and wait for it; what ran once stays as it is."""
    there.apply(one for one in found if one["kind"] not in {"Namespace", "Job"})
    there.wait(one["metadata"]["name"] for one in found if one["kind"] == "Deployment")


def _write(root: Path, release: str) -> Path:
    """Write the base that the Compose files describe, then all of the environment's manifests."""
    compose = Compose(root, release, root / "secrets", "101:101")
    compose.check()
    services = system.services(compose)
    base: dict[str, Iterable[Manifest]] = {
        "base": [*manifests.workloads(services), *policies.policies(services)],
        "route": manifests.route(services, gateway.paths(root)),
        "monitor": manifests.monitor(services, alerts.groups(root)),
    }
    for name, documents in base.items():
        cluster.write(root / WRITTEN / name, documents)
    file = _file(root, release)
    write_atomically(file, cluster.built(_overlay(root)))
    return file


def _have_secrets(there: cluster.Cluster, root: Path, found: Iterable[Manifest]) -> None:
    """Bring the secrets of the folder; without it, somebody else has to have brought them."""
    wanted = {
        item["key"]
        for one in found
        if one["kind"] in {"Deployment", "Job"}
        for volume in one["spec"]["template"]["spec"]["volumes"]
        for item in volume.get("secret", {}).get("items", ())
    }
    folder = root / os.environ.get("SECRETS", "secrets")
    if folder.is_dir():
        there.keep({name: folder / name for name in wanted if (folder / name).is_file()})
    if missing := sorted(wanted - there.secrets()):
        raise ToolError(
            f"the Secret {manifests.SECRET!r} in {there.namespace} has no {', '.join(missing)}:"
            " run `make secrets`, or have your operator write it (docs/kubernetes.md)"
        )


def _environment() -> str:
    name = os.environ.get("ENVIRONMENT") or "production"
    if not _NAME.fullmatch(name):
        raise UsageError(f"ENVIRONMENT must be small letters, digits and `-`, got: {name!r}")
    return name


def _overlay(root: Path) -> Path:
    """Find the overlay of the environment: that of the owners before the one that came with it."""
    folders = [root / place / _environment() for place in OVERLAYS]
    found = next((one for one in folders if (one / "kustomization.yml").is_file()), None)
    if found is None:
        raise UsageError(
            f"there is no overlay {_environment()!r}: write {folders[0]}/kustomization.yml"
        )
    return found


def _file(root: Path, release: str) -> Path:
    return root / WRITTEN / _environment() / f"{release}.yml"


def _notes(root: Path) -> Path:
    return root / WRITTEN / _environment() / "releases.txt"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.kubernetes", description="Production in Kubernetes."
    )
    commands = parser.add_subparsers(required=True)
    for name, command, text in (
        ("manifests", _manifests, "write the manifests of a release, and apply nothing"),
        ("deploy", _deploy, "replace what runs by a release"),
        ("rollback", _rollback, "go back to the release before"),
    ):
        commands.add_parser(name, help=text).set_defaults(command=command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
