"""Without an answers file, Copier asks the questions on the terminal."""

import json
from pathlib import Path

import pytest
import yaml

from tests.cli.support import EXAMPLE, everything
from tests.cli.terminal import Terminal


@pytest.fixture
def settings():
    """Every answer but the name."""
    answers = yaml.safe_load(EXAMPLE.read_text("utf-8"))
    answers |= {"function": "", "risks": [], "open_questions": []}
    del answers["project_name"]
    return [
        word for key, value in answers.items() for word in ("--set", f"{key}={json.dumps(value)}")
    ]


def options(template: Path) -> list[object]:
    return ["--template", template, "--no-gates"]


def test_what_is_not_given_is_asked(settings, shared_template, tmp_path):
    terminal = Terminal(tmp_path / "demo", *options(shared_template), *settings)
    terminal.wait_for("The product's name")
    terminal.type("Задачи {{ x }}\r")
    assert terminal.end() == 0, terminal.seen
    assert (tmp_path / "demo/README.md").read_text("utf-8").startswith("# Задачи {{ x }}\n")


def test_ctrl_c_at_a_question(shared_template, tmp_path):
    terminal = Terminal(tmp_path / "demo", *options(shared_template))
    terminal.wait_for("The product's name")
    terminal.type("\x03")
    assert terminal.end() == 130
    assert "ferrata: interrupted" in terminal.seen
    assert everything(tmp_path) == {"home"}


def test_a_wrong_answer_on_the_command_line(shared_template, tmp_path):
    terminal = Terminal(
        tmp_path / "demo", *options(shared_template), "--set", "levle=1", "--set", "modules=[x]"
    )
    assert terminal.end() == 1
    assert "ferrata: INCOMPLETE answers: " in terminal.seen
    assert "levle: is not a known key; did you mean 'level'?" in terminal.seen
    assert everything(tmp_path) == {"home"}
