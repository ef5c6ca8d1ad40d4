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
        self._folder = tempfile.TemporaryDirectory(prefix="ferrata.build.")
        files = build_data["force_include"]
        root, place = Path(self.root), Path(self._folder.name)
        bundle, layers = str(self._bundle(root, place)), str(self._layers(root, place))
        if self.target_name == "sdist":
            files[bundle], files[layers] = BUNDLE, "template"
            return
        files[bundle] = f"ferrata/_template/{BUNDLE}"
        files[layers] = "ferrata/_template/template"
        for name in FOLDERS:
            files[str(root / name)] = f"ferrata/_template/{name}"

    def _layers(self, root: Path, place: Path) -> Path:
        """The folders of template/ without what is in them: they say what can be chosen."""
        for layer in (root / "template").glob("{{ * }}"):
            folder = place / "template" / layer.name
            folder.mkdir(parents=True)
            (folder / "there").touch()
        return place / "template"

    def _bundle(self, root: Path, place: Path) -> Path:
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
        bundle = place / BUNDLE
        _git(root, "bundle", "create", "--quiet", str(bundle), "HEAD", "--tags")
        return bundle

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Remove the temporary bundle."""
        if hasattr(self, "_folder"):
            self._folder.cleanup()


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()
