"""The reference pages say what the catalog and the schema say."""

import re
from pathlib import Path

import pytest

from ferrata.template import load_module
from tests.support import ROOT

PAGES = sorted(path for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def test_generated_pages_are_up_to_date() -> None:
    for path, text in load_module(ROOT / "docs" / "generate.py").pages().items():
        assert path.read_text("utf-8") == text, f"{path.name} is stale: run make docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_inside_the_repository_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?://|#)([^)#\s]+)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target
