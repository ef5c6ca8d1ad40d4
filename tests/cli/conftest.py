"""A tiny template with the real questions, checks and steps, and ways to run ferrata on it."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

from ferrata.cli import main

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples/task_manager/answers.yml"
REAL_PARTS = ("copier.yml", "questions", "extensions", "schemas", "hooks")
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

LAYER = "template/{{ level_1 }}"
TINY = {
    f"{LAYER}/{{{{ _copier_conf.answers_file }}}}.jinja": "{{ _copier_answers | to_nice_yaml }}",
    f"{LAYER}/README.md.jinja": "# {{ project_name }}\n\n{{ problem }}\n",
    f"{LAYER}/.gitignore": ".env\n.venv/\n__pycache__/\nartifacts/\n",
    f"{LAYER}/.env.example.jinja": "# the level\nLEVEL={{ level }}\n# secret\nDATABASE_PASSWORD=\n",
    f"{LAYER}/facts.toml.jinja": "name = {{ project_name | quoted }}\nproblem = {{ problem | quoted }}\n",
    f"{LAYER}/pyproject.toml.jinja": """\
        [project]
        name = "{{ project | kebab }}"
        version = "0.1.0"
        requires-python = ">=3.11"

        [tool.uv]
        package = false
        """,
    f"{LAYER}/tools/__init__.py": "",
    f"{LAYER}/tools/env.py": """\
        from pathlib import Path

        Path(".env").write_text(Path(".env.example").read_text())
        """,
    f"{LAYER}/tools/services.toml.jinja": """\
        [services.{{ data_api }}]
        port = 8001
        docs = "/docs"

        [services.{{ api }}]
        port = 8000
        docs = "/docs"
        """,
    f"{LAYER}/tools/check/__init__.py": "",
    # Green, unless a file `red` says otherwise; it leaves a trace, as the real reports are.
    f"{LAYER}/tools/check/__main__.py": """\
        import json
        import sys
        from pathlib import Path

        if "--only" in sys.argv and "known" not in sys.argv:
            sys.exit(2)
        Path("artifacts/reports").mkdir(parents=True, exist_ok=True)
        Path("artifacts/reports/gates.json").write_text("{}")
        if "--json" in sys.argv:
            print(json.dumps({"gates": []}))
        sys.exit(4 if Path("red").exists() else 0)
        """,
    f"{LAYER}/services/{{{{ api }}}}/{{% yield e from model.entities %}}{{{{ e.plural }}}}"
    "{% endyield %}.py.jinja": '"""The {{ e.plural_words }}."""\n',
    "template/{{ level_2 }}/health.txt": "level 2\n",
    "template/{{ redis }}/redis.txt": "redis\n",
}


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Tester", "-c", "user.email=tester@example.com"]
    command = ["git", *identity, *arguments]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(folder: Path, message: str) -> str:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--no-verify", "--message", message)
    return git(folder, "rev-parse", "HEAD")


def write_tiny_template(folder: Path) -> Path:
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    for name in REAL_PARTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    for path, text in TINY.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text), "utf-8")
    commit(folder, "one")
    git(folder, "tag", "v0.1.0")
    return folder


@dataclass(frozen=True)
class Run:
    code: int
    out: str
    err: str


Ferrata = Callable[..., Run]


@pytest.fixture(autouse=True)
def _own_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No configuration of this machine's user, and signals as they were."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.delenv("GIT_AUTHOR_NAME", raising=False)
    before = {number: signal.getsignal(number) for number in ENDING}
    environment = dict(os.environ)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
    assert {key: value for key, value in os.environ.items() if key != "PYTEST_CURRENT_TEST"} == {
        key: value for key, value in environment.items() if key != "PYTEST_CURRENT_TEST"
    }


@pytest.fixture(scope="session")
def shared_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One tiny template for every test that only reads it."""
    return write_tiny_template(tmp_path_factory.mktemp("template") / "tiny")


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A tiny template of the test's own, to be changed."""
    return write_tiny_template(tmp_path / "template")


@pytest.fixture
def ferrata(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Ferrata:
    """Run the command line in this process."""

    def run(*arguments: object) -> Run:
        monkeypatch.setattr(sys, "argv", ["ferrata", *map(str, arguments)])
        capfd.readouterr()
        code = main()
        out, err = capfd.readouterr()
        return Run(code, out, err)

    return run


@pytest.fixture
def new(ferrata: Ferrata, shared_template: Path) -> Ferrata:
    """`ferrata new` from the example's answers and the tiny template."""

    def run(dest: object, *arguments: object, answers: Path = EXAMPLE, source: object = None) -> Run:
        chosen = source or shared_template
        return ferrata("new", dest, "--answers", answers, "--template", chosen, *arguments)

    return run


@pytest.fixture
def answers(tmp_path: Path) -> Callable[[str], Path]:
    """The example's answers with a text put in the place of another."""

    def write(*replacements: tuple[str, str]) -> Path:
        text = EXAMPLE.read_text("utf-8")
        for old, replacement in replacements:
            assert old in text
            text = text.replace(old, replacement, 1)
        file = tmp_path / "answers.yml"
        file.write_text(text, "utf-8")
        return file

    return write


def everything(folder: Path) -> set[str]:
    """Every path below a folder, without those of the test itself."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
