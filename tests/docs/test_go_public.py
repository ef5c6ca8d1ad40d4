"""What the checklist names is in the projects that it is for."""

import re

import pytest

from tests.matrix.renderer import Rendered, Renderer
from tests.support import ROOT, answers_of

LIST = (ROOT / "docs/how-to/go-public.md").read_text("utf-8")
PAGE = re.compile(r"`([\w-]+\.md)`")
COMMAND = re.compile(r"`make ([\w-]+)")
BEFORE_CUSTOMERS = "## Before customers"


def made(level: int, **asked: str) -> Rendered:
    return Renderer(ROOT).render(
        answers_of("task_manager") | {"level": level, "modules": []} | asked
    )


def commands(project: Rendered) -> set[str]:
    files = [path for path in project.files if path.endswith(".mk") or path == "Makefile"]
    texts = map(project.text, files)
    return {name for text in texts for name in re.findall(r"^([\w-]+):", text, re.MULTILINE)}


@pytest.mark.about("level_4", "external")
def test_pages_and_commands_of_the_checklist_are_there() -> None:
    public, customers = LIST.split(BEFORE_CUSTOMERS)
    projects = {public: [made(3)], customers: [made(4), made(4, identity="external")]}
    for text, those in projects.items():
        assert PAGE.findall(text)
        assert COMMAND.findall(text)
        pages = {path.removeprefix("docs/") for project in those for path in project.files}
        assert {*PAGE.findall(text)} <= pages
        assert {*COMMAND.findall(text)} <= set.union(*map(commands, those))
