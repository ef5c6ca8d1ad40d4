"""The reference pages say what the catalog and the schema say."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ferrata.template import load_module
from tests.support import ROOT, extension

PAGES = sorted(path for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def test_generated_pages_are_up_to_date() -> None:
    for path, text in load_module(ROOT / "docs" / "generate.py").pages().items():
        assert path.read_text("utf-8") == text, f"{path.name} is stale: run make docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_inside_the_repository_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?://|#)([^)#\s]+)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


def test_every_key_of_the_answers_is_explained() -> None:
    text = (ROOT / "docs/reference/answers.md").read_text("utf-8")

    def keys(node: object) -> Iterator[str]:
        if isinstance(node, dict):
            yield from (
                node.get("properties", {}) if isinstance(node.get("properties"), dict) else ()
            )
            for value in node.values():
                yield from keys(value)

    missing = {key for key in keys(extension().schema()) if f"| `{key}` |" not in text}
    assert missing == set()


@pytest.mark.parametrize(
    "page", sorted((ROOT / "docs/reference").glob("*.md")), ids=lambda p: p.stem
)
def test_no_underscore_outside_of_code_is_taken_for_emphasis(page: Path) -> None:
    prose = re.sub(r"(?ms)^```.*?^```$|`[^`\n]*`|\]\([^)]*\)", "", page.read_text("utf-8"))

    # Inside of a word it is none.
    assert re.findall(r"\S*(?:(?<!\w)_|_(?!\w))\S*", prose) == []
