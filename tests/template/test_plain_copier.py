"""Plain `copier copy` refuses what `ferrata validate` refuses, in one line, and writes nothing."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from copier.errors import UserMessageError

from tests.support import (
    LATER_LEVELS,
    LATER_MODULES,
    answers_of,
    environment,
    extension,
    git,
    render,
)

FAULTS: list[Any] = [
    pytest.param({"levle": 2}, "levle: is not a known key; did you mean 'level'?", id="misspelt"),
    pytest.param({"level_4": "."}, "level_4: is not a known key", id="hidden-answer"),
    pytest.param({"level": 5}, "level: must be one of 1, 2, 3, 4; got: 5", id="unknown-level"),
    pytest.param({"level": 2.7}, "level: must be a whole number; got: 2.7", id="fraction"),
    pytest.param({"level": True}, "level: must be a whole number; got: True", id="boolean-level"),
    pytest.param({"level": "abc"}, "level: must be a whole number; got: 'abc'", id="text-level"),
    *(
        pytest.param({"level": n}, f"level {n} is not available in this version; available: 1", id=str(n))
        for n in LATER_LEVELS
    ),
    *(
        pytest.param({"modules": [name]}, f"module '{name}' is not available", id=name)
        for name in LATER_MODULES[:1]
    ),
    pytest.param({"modules": None}, "modules: must be a list; got: None", id="null"),
    pytest.param({"context": 12}, "context: must be text; got: 12", id="number-as-name"),
    pytest.param({"context": "../../etc"}, "context: must be snake_case", id="path-traversal"),
    pytest.param({"context": "team\n"}, "context: must be snake_case", id="trailing-newline"),
    pytest.param({"project_name": "two\nlines"}, "project_name: must be one line", id="two-lines"),
    pytest.param({"entities": []}, "entities: must have at least 1 item(s)", id="no-entity"),
    pytest.param({"entities": "task"}, "entities: must be a list; got: 'task'", id="text-as-list"),
]


def copy(template: Path, answers: dict[str, Any], tmp_path: Path) -> tuple[int, str]:
    data = tmp_path / "answers.yml"
    data.write_text(yaml.safe_dump(answers, allow_unicode=True), "utf-8")
    ref = git(template, "rev-parse", "HEAD").strip()
    command = [sys.executable, "-m", "copier", "copy", "--trust", "--defaults", "--quiet"]
    command += ["--skip-tasks", "--vcs-ref", ref, "--data-file", str(data)]
    done = subprocess.run(
        [*command, str(template), str(tmp_path / "project")],
        env=environment(),
        check=False,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stderr


@pytest.mark.in_turns(4)
@pytest.mark.parametrize(("wrong", "message"), FAULTS)
def test_a_fault_stops_copier_before_it_writes(
    template: Path, tmp_path: Path, wrong: dict[str, Any], message: str
) -> None:
    answers = answers_of("task_manager") | wrong
    target = tmp_path / "project"

    with pytest.raises(UserMessageError) as stopped:
        render(template, answers, target)

    assert message in str(stopped.value)
    assert not target.exists()
    assert str(stopped.value).splitlines() == [str(p) for p in extension().problems(answers)]


def test_the_command_line_shows_one_line_and_no_traceback(template: Path, tmp_path: Path) -> None:
    code, printed = copy(template, answers_of("task_manager") | {"levle": 2}, tmp_path)

    assert code == 1
    assert "levle: is not a known key; did you mean 'level'?" in printed.splitlines()
    assert "Traceback" not in printed
    assert not (tmp_path / "project").exists()


def test_everything_that_is_missing_is_asked_for(template: Path, tmp_path: Path) -> None:
    code, printed = copy(template, {"project_name": "Nothing else"}, tmp_path)

    assert code == 1
    required = set(extension().schema()["required"]) - {"project_name"}
    assert {line.split(":")[0] for line in printed.splitlines() if "is missing" in line} == required
    assert not (tmp_path / "project").exists()
