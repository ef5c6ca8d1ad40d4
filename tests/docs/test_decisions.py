"""What a project says of its decisions and of rules names what is there."""

import re

import pytest

from tests.matrix.renderer import Rendered, Renderer
from tests.support import ROOT, answers_of

pytestmark = pytest.mark.about("level_4")
PARTS = ["Context", "Options", "Decision", "Consequences"]
DOCUMENT = re.compile(r"\bdocs/[\w/-]+\.md")
COMMAND = re.compile(r"`make ([\w-]+)`")
ORCHESTRATORS = ["compose", pytest.param("kubernetes", marks=pytest.mark.about("kubernetes"))]


@pytest.fixture(scope="module", params=ORCHESTRATORS)
def made(request: pytest.FixtureRequest) -> Rendered:
    asked = {"level": 4, "modules": ["redis"], "orchestrator": request.param}
    return Renderer(ROOT).render(answers_of("task_manager") | asked)


def decisions(made: Rendered) -> list[str]:
    pages = [path for path in made.files if path.startswith("docs/decisions/")]
    return [path for path in pages if not path.endswith("README.md")]


def test_each_decision_has_its_options_and_what_follows(made: Rendered) -> None:
    assert len(decisions(made)) >= 8
    for path in decisions(made):
        text = made.text(path)
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == PARTS, path
        options = text.partition("## Options")[2].partition("##")[0]
        assert len(re.findall(r"^- ", options, re.MULTILINE)) >= 2, path


def test_documents_and_commands_that_they_name_are_there(made: Rendered) -> None:
    makefiles = [path for path in made.files if path.endswith(".mk") or path == "Makefile"]
    targets = {
        name
        for path in makefiles
        for name in re.findall(r"^([\w-]+):", made.text(path), re.MULTILINE)
    }
    for path in [*decisions(made), "docs/compliance.md"]:
        text = made.text(path)
        assert {*DOCUMENT.findall(text)} <= {*made.files}, path
        assert {*COMMAND.findall(text)} <= targets, path
