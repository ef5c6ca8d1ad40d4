"""The cluster, by kubectl: manifests are built, applied in their order, and waited for."""

import json
import subprocess
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tools.common import ToolError, write_atomically
from tools.kubernetes.manifests import SECRET, Manifest

MISSING = "kubectl is missing: https://kubernetes.io/docs/tasks/tools/"
_JOB_S, _ROLLOUT_S, _POLL_S = 1800, 600, 2


def built(overlay: Path) -> str:
    """Give the manifests of an overlay, as Kustomize puts them together."""
    return _kubectl("kustomize", str(overlay))


@dataclass(frozen=True)
class Cluster:
    """A namespace of the cluster that kubectl is set up for."""

    namespace: str

    def keep(self, secrets: Mapping[str, Path]) -> None:
        """Have these secrets there, whatever there was before."""
        files = [f"--from-file={name}={file}" for name, file in sorted(secrets.items())]
        create = (
            "create",
            "secret",
            "generic",
            SECRET,
            *files,
            "--dry-run=client",
            "--output=yaml",
        )
        self._do("apply", "--filename=-", given=self._do(*create))

    def secrets(self) -> set[str]:
        """Give the names of the secrets that are there."""
        get = ("get", "secret", SECRET, "--ignore-not-found", "--output=json")
        found = json.loads(self._do(*get) or "{}")
        return set(found.get("data", {}))

    def run(self, job: Manifest) -> None:
        """Run a job to its end; raise ToolError if it fails, with what it said."""
        name = f"job/{job['metadata']['name']}"
        self._do("delete", name, "--ignore-not-found", "--wait=true")
        self.apply([job])
        if not self._ended_well(name):
            said = self._do("logs", name, "--tail=20")
            raise ToolError(f"{name} has not ended well, and nothing was replaced:\n{said}")

    def _ended_well(self, job: str) -> bool:
        """Wait for the end of a job; `kubectl wait` looks out for one kind of end only."""
        end = time.monotonic() + _JOB_S
        while time.monotonic() < end:
            status = json.loads(self._do("get", job, "--output=json")).get("status", {})
            ends = {one["type"] for one in status.get("conditions", ()) if one["status"] == "True"}
            if ends & {"Complete", "Failed"}:
                return "Complete" in ends
            time.sleep(_POLL_S)
        return False

    def apply(self, manifests: Iterable[Manifest]) -> None:
        """Have these manifests there."""
        self._do("apply", "--filename=-", given=yaml.safe_dump_all(manifests))

    def wait(self, names: Iterable[str]) -> None:
        """Wait until Deployments have replaced their pods.

        One that cannot is taken back; its old pods have never gone, for none goes before one came.
        The others run the new release then, or are about to.
        """
        for name in names:
            deployment = f"deployment/{name}"
            try:
                self._do("rollout", "status", deployment, f"--timeout={_ROLLOUT_S}s")
            except ToolError as error:
                self._do("rollout", "undo", deployment)
                raise ToolError(
                    f"{name} does not become ready, and is taken back alone: `make rollback`"
                    " takes back the others"
                ) from error

    def _do(self, *words: str, given: str = "") -> str:
        return _kubectl("--namespace", self.namespace, *words, given=given)


def write(folder: Path, manifests: Iterable[Manifest]) -> None:
    """Write manifests as a base of Kustomize."""
    text = yaml.safe_dump_all(manifests, sort_keys=False)
    write_atomically(folder / "manifests.yml", text)
    write_atomically(folder / "kustomization.yml", "resources: [manifests.yml]\n")


def read(manifests: str) -> list[Manifest]:
    """Read manifests, each with the namespace that an overlay gives it."""
    return [document for document in yaml.safe_load_all(manifests) if document]


def namespace(manifests: Iterable[Manifest]) -> str:
    """Tell in which namespace all of them are; raise ToolError if an overlay names none."""
    found: set[Any] = {
        one["metadata"].get("namespace") for one in manifests if one["kind"] == "Deployment"
    }
    if len(found) != 1 or None in found:
        raise ToolError("the overlay must put everything into one namespace: `namespace: ...`")
    name: str = found.pop()
    return name


def _kubectl(*words: str, given: str = "") -> str:
    try:
        done = subprocess.run(  # noqa: S603  # no shell
            ["kubectl", *words],  # noqa: S607  # the one that is set up
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise ToolError(MISSING) from error
    if done.returncode != 0:
        raise ToolError(f"kubectl {' '.join(words)} failed: {done.stderr.strip()}")
    return done.stdout
