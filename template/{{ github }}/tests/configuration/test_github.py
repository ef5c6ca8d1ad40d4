"""The pipelines are right, need no more rights than they have, and run nothing that can change."""

import re
import subprocess
import sys
from pathlib import Path

import yaml

from tests.configuration.conftest import ROOT

FOLDER = ROOT / ".github"
FILES = sorted(FOLDER.rglob("*.yml"))
PINNED = re.compile(r"[\w./-]+@[0-9a-f]{40}")
SCHEMAS = Path(sys.executable).with_name("check-jsonschema")
ATTACKS = Path(sys.executable).with_name("zizmor")


def said_by(program: Path, *words: str) -> str:
    whole = [str(program), *words]
    done = subprocess.run(whole, cwd=ROOT, check=False, capture_output=True, text=True)  # noqa: S603
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_they_are_what_their_schemas_allow() -> None:
    for kind, folder in (("github-workflows", "workflows"), ("github-actions", "actions")):
        files = map(str, sorted((FOLDER / folder).rglob("*.yml")))
        assert said_by(SCHEMAS, "--builtin-schema", f"vendor.{kind}", *files) == ""


def test_nobody_outside_can_make_them_do_something() -> None:
    assert said_by(ATTACKS, "--offline", "--no-progress", "--color=never", str(FOLDER)) == ""


def test_an_action_of_others_is_named_by_its_commit() -> None:
    used = [use for file in FILES for use in re.findall(r"uses: (\S+)", file.read_text())]

    assert used
    assert [use for use in used if not use.startswith("$/") and not PINNED.fullmatch(use)] == []


def test_a_job_has_no_right_that_it_does_not_name() -> None:
    for file in sorted((FOLDER / "workflows").glob("*.yml")):
        workflow = yaml.safe_load(file.read_text())
        assert workflow["permissions"] == {}, file.name
        for name, job in workflow["jobs"].items():
            assert "permissions" in job, f"{file.name}: {name}"
            assert "uses" in job or job["timeout-minutes"] <= 60, f"{file.name}: {name}"
