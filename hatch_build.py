"""Puts the template into the wheel: its committed state, with history and tags, as a git bundle.

An installed ferrata generates from the bundle, without network; the project records the canonical
address and a commit that is really there, so that it can be updated later.
"""

import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUNDLE = "template.bundle"
FOLDERS = ("schemas", "extensions", "hooks")


class TemplateHook(BuildHookInterface[Any]):
    """Adds the bundle to both kinds of distribution, and what `validate` reads to the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the files; an editable installation reads the checkout itself."""
        if version == "editable":
            return
        files = build_data["force_include"]
        bundle = str(self._bundle(Path(self.root)))
        if self.target_name == "sdist":
            files[bundle] = BUNDLE
            return
        files[bundle] = f"ferrata/_template/{BUNDLE}"
        for name in FOLDERS:
            files[str(Path(self.root) / name)] = f"ferrata/_template/{name}"

    def _bundle(self, root: Path) -> Path:
        """The bundle of a source distribution, or a new one of the checkout."""
        if (root / BUNDLE).is_file():
            return root / BUNDLE
        if not (root / ".git").exists():
            raise RuntimeError(
                f"{root} is neither a git checkout nor a source distribution with {BUNDLE}; "
                "build from a clone or from the sdist"
            )
        if _git(root, "rev-parse", "--is-shallow-repository") == "true":
            raise RuntimeError(f"{root} is a shallow clone; run `git fetch --unshallow` first")
        self._folder = tempfile.TemporaryDirectory(prefix="ferrata.build.")
        bundle = Path(self._folder.name) / BUNDLE
        _git(root, "bundle", "create", "--quiet", str(bundle), "HEAD", "--tags")
        return bundle

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Remove the temporary bundle."""
        if hasattr(self, "_folder"):
            self._folder.cleanup()


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()
