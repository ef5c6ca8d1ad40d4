"""The line of the README with plain Copier makes a project, on a machine with uv alone."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import ROOT
from tests.support import EXAMPLES, git, run

URL = "https://github.com/ferrata-dev/ferrata"


def the_line() -> str:
    lines = re.findall(r"^uvx .*$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    [line] = [line for line in lines if "copier copy" in line]
    assert URL in line
    return str(line)


def test_the_how_to_has_the_same_line() -> None:
    page = (ROOT / "docs/how-to/use-plain-copier.md").read_text("utf-8")
    assert the_line().replace(URL, "TEMPLATE") in page


@pytest.mark.long
def test_the_line_makes_a_project(template: Path, tmp_path: Path) -> None:
    data = ROOT / "examples" / EXAMPLES[0] / "answers.yml"
    ref = git(template, "rev-parse", "HEAD").strip()
    more = f"--defaults --skip-tasks --vcs-ref {ref} --data-file {data}"
    line = the_line().replace(URL, f"{more} {template}")
    done = run(tmp_path, "sh", "-c", line, HOME=str(tmp_path / "home"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "my_system/.copier-answers.yml").is_file()
