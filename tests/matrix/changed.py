"""`ferrata matrix --pairwise --json | python -m tests.matrix.changed [COMMIT]`: what has to run.

It prints the line `matrix=...` for the outputs of a workflow's step: the combinations of which a
project is another one than at the commit. Without a commit these are all, and so they are where what
generates the projects, runs their gates or judges them has changed; where nothing changed, the
first combination stays, because a workflow cannot have an empty matrix.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jinja2 import TemplateError

from tests.matrix.renderer import Renderer
from tests.matrix.sample import SHAPES
from tests.support import ROOT, answers_of, git

Entry = Mapping[str, Any]
# What the gates of a project depend on besides its files.
EVERYTHING = (
    *("src/", "hooks/", "extensions/", "schemas/answers.schema.json", "copier.yml"),
    *("pyproject.toml", "uv.lock", ".github/", ".ci/"),
    *("examples/", "tests/answers/", "tests/matrix/", "tests/support.py", "tests/choosing.py"),
)


def main() -> int:
    """Read a matrix, leave out what is the same, and print the rest on one line."""
    entries: list[Entry] = json.load(sys.stdin)["include"]
    base = sys.argv[1] if len(sys.argv) > 1 else ""
    if base and not concerns_everything(differing(ROOT, base)):
        with at(base) as tree:
            entries = changed(entries, tree, ROOT) or entries[:1]
    sys.stdout.write(f"matrix={json.dumps({'include': entries})}\n")
    return 0


def differing(repository: Path, commit: str) -> list[str]:
    """The files that are not as they were at a commit; of a rename, both names."""
    return git(repository, "diff", "--name-only", "--no-renames", "-z", commit).split("\0")


def concerns_everything(names: Sequence[str]) -> bool:
    """Tell whether the same project may come out of its gates in another way."""
    return any(name.startswith(EVERYTHING) for name in names)


@contextmanager
def at(commit: str) -> Iterator[Path]:
    """Lay a commit of this repository out in a folder."""
    with tempfile.TemporaryDirectory(prefix="base-") as folder:
        tree = Path(folder) / "tree"
        git = ["git", "-C", str(ROOT)]
        clone = [*git, "clone", "--quiet", "--shared", "--no-checkout", str(ROOT), str(tree)]
        checkout = ["git", "-C", str(tree), "checkout", "--quiet", "--detach", commit]
        for command in (clone, checkout):
            subprocess.run(command, check=True)
        yield tree


def changed(entries: Sequence[Entry], base: Path, now: Path) -> list[Entry]:
    """The combinations that give another project than the template at `base`."""
    before, after = (Renderer(tree, source="template") for tree in (base, now))
    return [entry for entry in entries if not all(_same(entry, s, before, after) for s in SHAPES)]


def _same(entry: Entry, shape: str, before: Renderer, after: Renderer) -> bool:
    """Tell whether two versions of the template give the same files."""
    asked = {key: value for key, value in entry.items() if key != "name"}
    answers = {**answers_of(shape), **asked}
    if before.rules.problems(answers):
        return False
    try:
        return before.render(answers).files == after.render(answers).files
    except (AttributeError, KeyError, TemplateError):
        # An older template may not know everything that this renderer gives.
        return False


if __name__ == "__main__":
    sys.exit(main())
