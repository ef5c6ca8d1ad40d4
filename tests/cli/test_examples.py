"""The examples that come with it are listed, and can be begun with."""

import json

import pytest
import yaml

from tests.cli.support import EXAMPLE, MODULE
from tests.support import EXAMPLES


@pytest.fixture(autouse=True)
def _built_in(shared_template, monkeypatch):
    monkeypatch.setattr("ferrata.template.home.CHECKOUT", shared_template)


def test_a_line_each(ferrata):
    run = ferrata("examples")
    assert (run.code, run.err) == (0, "")
    lines = run.out.splitlines()
    assert [line.split()[0] for line in lines[: len(EXAMPLES)]] == EXAMPLES
    assert "Task Manager: Small teams lose track of who does what by when" in run.out
    assert lines[-1] == "ferrata new my_system --example NAME"


def test_for_machines(ferrata):
    document = json.loads(ferrata("examples", "--json").out)
    assert [row["name"] for row in document["examples"]] == EXAMPLES


def test_an_example_that_is_not_there(ferrata, tmp_path):
    run = ferrata("new", tmp_path / "demo", "--example", "task_manger")
    assert run.code == 1
    assert "there is no example 'task_manger'; there are: " in run.err
    assert run.err.endswith("did you mean 'task_manager'?\n")


@pytest.mark.about("level_2")
def test_options_lie_over_an_example_and_that_is_said(ferrata, tmp_path):
    options = ["--level", "2", "--module", MODULE, "--set", "project_name=Crew"]
    run = ferrata("new", tmp_path / "demo", "--example", "task_manager", "--no-gates", *options)
    assert run.code == 0, run.err
    assert run.err.splitlines()[:3] == [
        "ferrata: level is 2, not 1 as in the example task_manager",
        f"ferrata: modules is {MODULE}, not none as in the example task_manager",
        "ferrata: project_name is Crew, not Task Manager as in the example task_manager",
    ]
    recorded = yaml.safe_load((tmp_path / "demo/.copier-answers.yml").read_text("utf-8"))
    whole = yaml.safe_load(EXAMPLE.read_text("utf-8"))
    changes = {"level": 2, "modules": [MODULE], "project_name": "Crew"}
    assert {key: recorded[key] for key in whole} == whole | changes


def test_wrong_options_are_told_without_a_line(ferrata, tmp_path):
    run = ferrata("new", tmp_path / "demo", "--answers", EXAMPLE, "--module", "moon")
    assert run.code == 1
    [line] = [line for line in run.err.splitlines() if line.startswith("modules[0]: ")]
    assert "(line" not in line
