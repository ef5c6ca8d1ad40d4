"""What is given to make reaches commands as data: no shell, and not make itself, reads it."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.matrix.renderer import Renderer
from tests.support import LEVELS, MODULES, ROOT, answers_of

UV = """\
#!/usr/bin/env python3
import json, os, sys
with open(os.environ["CALLS"], "a") as calls:
    calls.write(json.dumps(sys.argv[1:]) + "\\n")
"""
ODD = [
    "add a table",
    "add \"quotes\" and 'quotes'",
    "add `touch stolen`",
    "add $(touch stolen) ${HOME} $$ $HOME",
    "add $(shell touch stolen)",
    "a; touch stolen # & | > stolen",
    "--again \\ *",
    "-x",
    "two\nlines",
    "",
]


@pytest.fixture(scope="module")
def makefiles(request: pytest.FixtureRequest) -> dict[str, bytes]:
    """The makefiles of a project with everything."""
    answers = answers_of("task_manager") | {"level": LEVELS[-1], "modules": MODULES}
    answers["orchestrator"] = getattr(request, "param", "compose")
    files = Renderer(ROOT).render(answers).files
    return {name: files[name] for name in files if name == "Makefile" or name.endswith(".mk")}


@pytest.fixture
def project(makefiles: dict[str, bytes], tmp_path: Path) -> Path:
    """The makefiles in a folder whose tools only note their calls."""
    for path, content in makefiles.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    for tool in ("my tools'/uv", "bin/docker"):
        (tmp_path / tool).parent.mkdir()
        (tmp_path / tool).write_text(UV)
        (tmp_path / tool).chmod(0o755)
    return tmp_path


def make(project: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    known = {
        "PATH": f"{project}/bin:{os.environ['PATH']}",
        "CALLS": str(project / "calls"),
        "UV": f"{project}/my tools'/uv",
    }
    return subprocess.run(
        ["make", *arguments],
        cwd=project,
        env=known | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def calls(project: Path) -> list[list[str]]:
    lines = (project / "calls").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


TOLD = re.compile(r"^([a-z0-9-]+):[^\n]*?## ([^\n]*)$", re.MULTILINE)
ELSEWHERE = ("ORCHESTRATOR", "PYENV_ROOT", "TEST_BASE_URL", "TEST_LOAD_TIME", "TEST_LOAD_USERS")


@pytest.mark.parametrize("makefiles", ["compose", "kubernetes"], indirect=True)
def test_whatever_is_given_is_data(project: Path, makefiles: dict[str, bytes]) -> None:
    """All that the list of commands tells of, and what other tools may have set besides."""
    told = [row for text in makefiles.values() for row in TOLD.findall(text.decode())]
    names = {(target, name) for target, about in told for name in re.findall(r"(\w+)=", about)}
    assert "m" in {name for _, name in names}
    for target, name in sorted(names | {("deploy", name) for name in ELSEWHERE}):
        for text in ("1$(shell touch stolen)", "`touch stolen`", "'; touch stolen; '"):
            make(project, target, f"{name}={text}")
            make(project, target, **{name: text})
            assert not (project / "stolen").exists(), (target, name, text)


def test_every_command_is_listed(project: Path, makefiles: dict[str, bytes]) -> None:
    told = {target for text in makefiles.values() for target, _ in TOLD.findall(text.decode())}

    listed = make(project).stdout.splitlines()

    assert {line.split()[1] for line in listed} == told


@pytest.mark.parametrize("message", ODD)
def test_a_message_is_passed_on_as_it_is(message: str, project: Path) -> None:
    for run in (make(project, "migration", f"m={message}"), make(project, "migration", m=message)):
        assert run.returncode == 0, run.stderr
    assert [call[-1] for call in calls(project)] == [f"--message={message}"] * 2
    assert not (project / "stolen").exists()


@pytest.mark.about("workers")
@pytest.mark.parametrize("again", ["1", "$(shell touch stolen)", "`touch stolen`"])
def test_a_switch_is_only_looked_at(again: str, project: Path) -> None:
    run = make(project, "dead-letters", f"again={again}")

    assert run.returncode == 0, run.stderr
    assert calls(project)[-1][-1] == "--again"
    assert not (project / "stolen").exists()


@pytest.mark.about("level_2")
@pytest.mark.parametrize(
    "value", ["staging; touch stolen", "`touch stolen`", "$(shell touch stolen)", "dev", "a b", ""]
)
def test_an_environment_is_one_that_there_is(value: str, project: Path) -> None:
    for run in (make(project, "down", f"APP_ENV={value}"), make(project, "down", APP_ENV=value)):
        assert run.returncode != 0
        assert "APP_ENV is one of: local test staging production; got:" in run.stderr
    assert not (project / "stolen").exists()
    # That of another product is no hindrance for what has no use for it.
    assert make(project, "test", APP_ENV=value).returncode == 0


@pytest.mark.about("level_2")
def test_the_values_of_an_environment_are_read(project: Path) -> None:
    for name in (".env", ".env.staging", ".env.test"):
        (project / name).touch()

    assert make(project, "down", "APP_ENV=staging").returncode == 0
    files = [".env", ".env.staging"]
    assert calls(project)[-1] == ["compose", *(x for f in files for x in ("--env-file", f)), "down"]
    assert make(project, "down-test").returncode == 0
    assert ".env.test" in calls(project)[-1]
    (project / ".env").write_text("APP_ENV=test\n")
    assert make(project, "down").returncode == 0
    assert ".env.test" in calls(project)[-1]
