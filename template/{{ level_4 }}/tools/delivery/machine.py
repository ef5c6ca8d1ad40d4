"""The machine that runs a release, reached by SSH: it gets the commit and the digests, no code of ours."""

import os
import re
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.common import ToolError, UsageError
from tools.production.compose import pinned

_ADDRESS = re.compile(r"(?P<host>(?!-)[A-Za-z0-9_.@:\[\]-]+?):(?P<folder>/[^\0\n]*)")
_CONNECT_S = 15


@dataclass(frozen=True)
class Machine:
    """Where the project lies on a machine, and how it is reached."""

    name: str
    folder: str
    ssh: tuple[str, ...]

    def do(self, command: str, given: str = "") -> None:
        """Run a command in the project's folder there; raise if it fails."""
        whole = f"cd {shlex.quote(self.folder)} && {command}"
        try:
            done = subprocess.run(  # noqa: S603  # no shell here, and quoted words there
                [*self.ssh, self.name, whole], input=given, text=True, check=False
            )
        except FileNotFoundError as error:
            raise ToolError("ssh is missing: install OpenSSH's client") from error
        if done.returncode != 0:
            raise ToolError(f"{self.name}: `{command}` failed, see above")


@contextmanager
def reached() -> Iterator[Machine]:
    """Give the machine of DEPLOY_TO; its key is on the disk for that long only.

    DEPLOY_KNOWN_HOSTS has the machine's own key: no other machine gets what is meant for it.
    """
    address = _ADDRESS.fullmatch(os.environ.get("DEPLOY_TO", ""))
    if address is None:
        raise UsageError(
            "DEPLOY_TO must say where to, such as deployer@host.example.com:/srv/system,"
            f" got: {os.environ.get('DEPLOY_TO', '')!r}"
        )
    with tempfile.TemporaryDirectory() as folder:
        options = [f"ConnectTimeout={_CONNECT_S}", "BatchMode=yes", "StrictHostKeyChecking=yes"]
        words = ["ssh"]
        for variable, option in (
            ("DEPLOY_KEY", "IdentityFile"),
            ("DEPLOY_KNOWN_HOSTS", "UserKnownHostsFile"),
        ):
            if text := os.environ.get(variable):
                file = Path(folder, variable)
                file.touch(mode=0o600)
                file.write_text(f"{text.strip()}\n", encoding="utf-8")
                options.append(f"{option}={file}")
        if os.environ.get("DEPLOY_KEY"):
            options.append("IdentitiesOnly=yes")
        for option in options:
            words += ["-o", option]
        yield Machine(address["host"], address["folder"], tuple(words))


def deploy(there: Machine, root: Path, release: str) -> None:
    """Have the machine run a release: its files by commit, its images by digest."""
    file = pinned(root, release)
    if not file.exists():
        raise ToolError(
            f"{file.relative_to(root)} is missing: `python -m tools.delivery publish` writes it"
        )
    target = file.relative_to(root)
    folder, name = shlex.quote(target.parent.as_posix()), shlex.quote(target.as_posix())
    commit = _commit(root)
    there.do(f"git fetch --quiet --tags origin && git checkout --quiet --detach {commit}")
    there.do(f"mkdir -p {folder} && cat > {name}", given=file.read_text(encoding="utf-8"))
    there.do(f"make deploy RELEASE={shlex.quote(release)}")


def rollback(there: Machine) -> None:
    """Have the machine go back to the release that ran before."""
    there.do("make rollback")


def _commit(root: Path) -> str:
    words = ["git", "rev-parse", "--verify", "HEAD"]
    done = subprocess.run(words, cwd=root, check=False, capture_output=True, text=True)  # noqa: S603
    if done.returncode != 0:
        raise ToolError("there is no commit here: deliver from a checkout of the release")
    return done.stdout.strip()
