"""The images of a release: built once, with their parts list and their origin, and signed."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tools.common import ToolError, UsageError, write_atomically
from tools.production.compose import Compose, pinned

# BuildKit writes both beside the image: what is in it (SBOM), and from what it was built how.
_ATTESTED = ("--sbom=true", "--provenance=mode=max")
_DIGEST = "containerimage.digest"


def publish(compose: Compose) -> Path:
    """Build, push and sign each image, and write which digest the release has of each.

    Whoever deploys the release gets these very images, whatever their tags are by then.
    """
    built = {
        name: of for name, of in sorted(compose.services.items()) if of.get("build") is not None
    }
    digests: dict[str, str] = {}
    for name, of in built.items():
        image: str = of["image"]
        if image.count("/") < 2:  # a registry, a project, a service
            raise UsageError(
                f"IMAGES=... is missing: the registry and folder that {name} is pushed to,"
                " such as registry.example.com/team"
            )
        if image not in digests:
            digests[image] = _pushed(image, of["build"])
            _run("cosign", "sign", "--yes", f"{_untagged(image)}@{digests[image]}")
    lines = ["# The images of a release by digest, as the pipeline has pushed them.", "services:"]
    for name, of in sorted(compose.services.items()):
        image = of.get("image", "")
        # A server has a version of its own: it is not restarted for each release.
        if image in digests and image.endswith(f":{compose.release}"):
            reference = f"{_untagged(image)}@{digests[image]}"
            lines += [f"  {name}:", f"    image: {reference}"]
    file = pinned(compose.root, compose.release)
    write_atomically(file, "\n".join(lines) + "\n")
    return file


def verify(root: Path, release: str) -> int:
    """Check that each image of a release was signed by the pipeline; return how many they are."""
    signed_by = [f"--certificate-identity={signer()}"]
    signed_by += [f"--certificate-oidc-issuer={_given('SIGNED_ISSUER')}"]
    found = sorted({*references(root, release)})
    for reference in found:
        _run("cosign", "verify", "--output=text", *signed_by, reference)
    return len(found)


def references(root: Path, release: str) -> Iterator[str]:
    """Give the images of a release by digest."""
    file = pinned(root, release)
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise ToolError(
            f"{file.relative_to(root)} is missing: `python -m tools.delivery publish` writes it"
        ) from None
    for line in lines:
        key, _, value = line.strip().partition(": ")
        if key == "image":
            yield value


def signer() -> str:
    """Name who must have signed."""
    return _given("SIGNED_BY")


def _given(variable: str) -> str:
    if value := os.environ.get(variable):
        return value
    raise UsageError(f"{variable}=... is missing: docs/delivery.md says what it is")


def _pushed(image: str, build: Mapping[str, Any]) -> str:
    """Build and push an image; return its digest."""
    arguments = [f"--build-arg={key}={value}" for key, value in build.get("args", {}).items()]
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder, "metadata.json")
        options = [*_ATTESTED, *arguments, f"--file={build['dockerfile']}", f"--tag={image}"]
        options += [f"--metadata-file={notes}"]
        _run("docker", "buildx", "build", "--push", *options, build["context"])
        digest: str = json.loads(notes.read_text(encoding="utf-8"))[_DIGEST]
    return digest


def _untagged(image: str) -> str:
    """Leave out the tag; a registry may have a port."""
    return image.rpartition(":")[0]


def _run(*words: str) -> None:
    """Run a program, with its output on the terminal; raise if it fails."""
    try:
        done = subprocess.run(words, check=False)  # noqa: S603  # no shell
    except FileNotFoundError as error:
        raise ToolError(f"{words[0]} is missing: docs/delivery.md says what it is for") from error
    if done.returncode != 0:
        raise ToolError(f"{' '.join(words[:2])} failed for {words[-1]}, see above")
