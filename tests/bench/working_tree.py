"""The working tree as Copier and ferrata see it: committed in a folder of its own."""

import shutil
import subprocess
from pathlib import Path

from timing import call

ROOT = Path(__file__).resolve().parents[2]
ANSWERS = ROOT / "examples/task_manager/answers.yml"


def committed(folder: Path) -> Path:
    """Copy what git knows or would add, uncommitted changes included, and commit it."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@example.com"]
    call(["git", "init", "--quiet"], folder)
    call(["git", "add", "--all"], folder)
    call([*git, "commit", "--quiet", "--no-verify", "--message=The working tree"], folder)
    return folder


def files(project: Path) -> int:
    """Count the files of a project."""
    return sum(path.is_file() for path in project.rglob("*"))
