"""The page that shows how modules are joined has what `tests/day` really runs."""

import re
from textwrap import dedent

from tests.day.owners import HERE
from tests.support import ROOT

PAGE = ROOT / "docs/how-to/join-modules.md"


def test_every_line_of_code_is_what_is_run() -> None:
    shown = re.findall(r"```(?:python|toml)\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    there = re.findall(r"^[+ ](.*)", (HERE / "owners.patch").read_text("utf-8"), re.MULTILINE)
    files = [file.read_text("utf-8") for file in (HERE / "overlay").rglob("*.py")]
    run = {line.strip() for line in (*there, *"\n".join(files).splitlines())}

    assert len(shown) == 5
    for block in shown:
        lines = [line.strip() for line in dedent(block).splitlines() if not line.startswith("# s")]
        assert [line for line in lines if line and line not in run] == []
