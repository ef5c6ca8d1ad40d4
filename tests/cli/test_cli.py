"""The contract of the command line: usage, exit codes, --json."""

import importlib.metadata
import json
import subprocess
import sys

import pytest

from tests.cli.support import EXAMPLE

COMMANDS = ("new", "examples", "validate", "plan", "check", "climb", "add", "doctor")


def test_help_lists_the_commands(ferrata):
    run = ferrata("--help")
    assert (run.code, run.err) == (0, "")
    assert all(f"\n  {command} " in run.out for command in COMMANDS)


@pytest.mark.parametrize("arguments", [[], ["-h"]])
def test_help_is_one_screen(ferrata, arguments):
    run = ferrata(*arguments)
    assert (run.code, run.err) == (0, "")
    assert run.out.count("\n") <= 24
    assert max(map(len, run.out.splitlines())) < 80
    assert "..." not in run.out.partition("Commands:")[2]
    assert "ferrata new my_system" in run.out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(ferrata, monkeypatch, shell):
    monkeypatch.setenv("_FERRATA_COMPLETE", f"source_{shell}")
    assert "_FERRATA_COMPLETE" in ferrata().out


@pytest.mark.parametrize("what", [[], ["entity"], ["field"], ["module"]])
def test_growing_has_help(ferrata, what):
    run = ferrata("add", *what, "--help")
    assert run.code == 0
    assert "..." not in run.out.partition("Commands:")[2]


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help(ferrata, command):
    run = ferrata(command, "--help")
    assert run.code == 0
    assert "Usage: ferrata " in run.out


def test_version(ferrata):
    assert ferrata("--version").out == f"ferrata {importlib.metadata.version('ferrata')}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["nonsense"], id="unknown command"),
        pytest.param(["validate"], id="argument missing"),
        pytest.param(["validate", EXAMPLE, "--colour"], id="unknown option"),
        pytest.param(["new", "x", "--set"], id="value missing"),
        pytest.param(["new", "x", "--answers", EXAMPLE, "--set", "level"], id="no KEY=VALUE"),
        pytest.param(["plan", EXAMPLE, "--to", "5"], id="no such level"),
        pytest.param(["plan", EXAMPLE, "--to", "two"], id="level in words"),
        pytest.param(["new", "x", "--gates", "some"], id="no such choice"),
        pytest.param(["plan", EXAMPLE, "--to", "2", "--to", "3"], id="given twice"),
        pytest.param(["new", "x", "--example", "y", "--minimal"], id="two beginnings"),
    ],
)
def test_wrong_usage(ferrata, arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = ferrata(*arguments)
    assert (run.code, run.out) == (2, "")
    assert run.err.count("\n") == 1
    assert run.err.startswith("ferrata: ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["new", "x", "--level", "9"], "must be 1, 2, 3 or 4; got: 9 (see `ferrata new --help`)"),
        (["plan", EXAMPLE, "--to", "two"], "must be 1, 2, 3 or 4; got: two (see `ferrata plan"),
        (["new", "x", "--gates", "some"], "must be all, quick or none; got: some"),
    ],
)
def test_a_wrong_value_is_told_in_our_words(ferrata, arguments, said):
    assert said in ferrata(*arguments).err


def test_several_names_may_stand_between_commas(ferrata, tmp_path):
    options = ["--example", "task_manager", "--module", "moon, sun", "--module", "star"]
    run = ferrata("new", tmp_path / "x", *options)
    for number, name in enumerate(("moon", "sun", "star")):
        assert f"modules[{number}]: must be one of" in run.err
        assert f"got: '{name}'" in run.err


def test_a_bug_has_a_traceback_and_an_address(ferrata, monkeypatch):
    monkeypatch.setattr("ferrata.template.rules", lambda: 1 / 0)
    run = ferrata("validate", EXAMPLE)
    assert run.code == 3
    assert "ZeroDivisionError" in run.err
    assert run.err.splitlines()[-1].endswith("/issues")


def test_a_bug_with_json_keeps_stdout_pure(ferrata, monkeypatch):
    monkeypatch.setattr("ferrata.template.rules", lambda: 1 / 0)
    assert "ZeroDivisionError" in json.loads(ferrata("validate", EXAMPLE, "--json").out)["error"]


def test_an_incomplete_installation(ferrata, monkeypatch, tmp_path):
    monkeypatch.setattr("ferrata.template.home.CHECKOUT", tmp_path)
    run = ferrata("validate", EXAMPLE)
    assert run.code == 1
    assert "install ferrata again" in run.err


def test_a_reader_that_goes_away():
    command = (
        f"{sys.executable} -m ferrata validate {EXAMPLE} --json | true; exit ${{PIPESTATUS[0]}}"
    )
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode in {0, 1}
    assert done.stderr == ""


def test_a_terminal_without_unicode(answers):
    file = answers(("domain: tasks", "domain: задачи"))
    command = [sys.executable, "-m", "ferrata", "validate", str(file)]
    environment = {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 1
    assert "\\u0437" in done.stdout
