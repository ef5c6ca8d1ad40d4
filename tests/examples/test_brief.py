"""A brief in prose becomes complete answers by the questions that come back, and by nothing else."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ferrata.cli import main
from tests.support import ROOT

FOLDER = ROOT / "examples/p2p_lending"
# What the prose does not say; who reads it has to ask.
ASKED = {
    "context", "domain", "author_name", "author_email", "problem", "success_metrics",
    "non_functional", "level", "modules", "integrations", "scope_in", "scope_out",
    "deliverables", "acceptance_criteria", "entities",
    *(f"functional_requirements[{index}].priority" for index in range(6)),
}  # fmt: skip
Validate = Callable[[Path], dict[str, Any]]


@pytest.fixture
def validate(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Validate:
    def run(file: Path) -> dict[str, Any]:
        monkeypatch.setattr("sys.argv", ["ferrata", "validate", str(file), "--json"])
        main()
        document: dict[str, Any] = json.loads(capsys.readouterr().out)
        return document

    return run


def loaded(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text("utf-8"))
    return content


def test_exactly_what_the_prose_leaves_open_is_asked(validate: Validate) -> None:
    verdict = validate(FOLDER / "from_brief.yml")

    assert verdict["complete"] is False
    assert {problem["path"] for problem in verdict["problems"]} == ASKED
    for problem in verdict["problems"]:
        assert problem["message"] == "is missing."
        assert problem["question"].rstrip(".").endswith(("?", "none", "least", "nothing", "could)"))


@pytest.mark.about("payments")
def test_with_the_replies_it_is_complete(validate: Validate, tmp_path: Path) -> None:
    whole = tmp_path / "answers.yml"
    whole.write_text(yaml.safe_dump({**loaded("from_brief.yml"), **loaded("replies.yml")}), "utf-8")

    verdict = validate(whole)

    assert verdict["complete"] is True, verdict["problems"]
    assert "integrations[0]" in {warning["path"] for warning in verdict["warnings"]}


def test_the_replies_answer_what_was_asked_and_change_nothing_that_was_said() -> None:
    said, replies = loaded("from_brief.yml"), loaded("replies.yml")

    assert {re.split(r"[.\[]", path)[0] for path in ASKED} == replies.keys()
    requirements = {one["id"]: one["title"] for one in replies["functional_requirements"]}
    assert {one["id"]: one["title"] for one in said["functional_requirements"]} == requirements


def test_the_page_shows_a_question_as_it_comes_back(validate: Validate) -> None:
    page = (ROOT / "docs/how-to/let-an-agent-drive.md").read_text("utf-8")
    shown = json.loads(page.partition("```json\n")[2].partition("```")[0])

    assert shown in validate(FOLDER / "from_brief.yml")["problems"]
