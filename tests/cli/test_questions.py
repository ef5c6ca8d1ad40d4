"""Without an answers file, Copier asks the questions on the terminal."""

import json
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from tests.cli.support import EXAMPLE, everything

PATIENCE_S = 30


class Terminal:
    """ferrata on a terminal of its own."""

    def __init__(self, *arguments: object) -> None:
        self._own, other = pty.openpty()
        command = [sys.executable, "-m", "ferrata", "new", *map(str, arguments)]
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100", "LINES": "30"}
        self.process = subprocess.Popen(
            command,
            stdin=other,
            stdout=other,
            stderr=other,
            env=environment,
            start_new_session=True,
        )
        os.close(other)
        self.seen = ""

    def wait_for(self, text: str) -> None:
        end = time.monotonic() + PATIENCE_S
        while text not in self.seen:
            assert time.monotonic() < end, self.seen
            if select.select([self._own], [], [], 0.2)[0]:
                self.seen += os.read(self._own, 4096).decode("utf-8", "replace")
                # prompt_toolkit asks where the cursor is.
                if "\x1b[6n" in self.seen:
                    self.seen = self.seen.replace("\x1b[6n", "")
                    self.type("\x1b[1;1R")

    def type(self, text: str) -> None:
        os.write(self._own, text.encode())

    def end(self) -> int:
        end = time.monotonic() + PATIENCE_S
        while self.process.poll() is None and time.monotonic() < end:
            if select.select([self._own], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self._own, 4096).decode("utf-8", "replace")
                except OSError:  # Linux says so when the other side is closed
                    break
        code = self.process.wait(PATIENCE_S)
        os.close(self._own)
        return code


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
