"""The gates of generated projects: green at once, and red for what they are there to find."""

import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests import turns
from tests.matrix.renderer import Renderer
from tests.matrix.test_size import entity, longest
from tests.project.defects import (
    CODE_GATES,
    COVERAGE,
    DEFECTS,
    FOLDER_DEFECTS,
    FULLEST,
    Batch,
    Defect,
    FolderDefect,
    batches,
    contracts,
    gates_of,
    parts,
    python_folders,
)
from tests.project.test_names import domain
from tests.support import LEVELS, MODULES, PROJECTS, answers_of, environment, extension, run


def gates(project: Path, *only: str) -> tuple[int, dict[str, Any]]:
    """Run a project's gates afresh; return the exit code and gates.json by gate."""
    selected = [argument for gate in only for argument in ("--only", gate)]
    check = ("uv", "run", "--no-sync", "python", "-m", "tools.check", "--fresh", "--json")
    done = run(project, *check, *selected)
    report = json.loads(done.stdout)
    return done.returncode, {gate["name"]: gate for gate in report["gates"]} | {"": report}


@pytest.mark.long  # those of the README and of the covering sample run every day
@pytest.mark.parametrize("name", PROJECTS)
def test_a_new_project_is_green(name: str, installed: Callable[[str], Path]) -> None:
    code, report = gates(installed(name))

    failed = {gate: r["state"] for gate, r in report.items() if gate and r["state"] != "passed"}
    assert failed == {}
    assert code == 0
    wanted = [gate["name"] for gate in gates_of(answers_of(name)["level"])]
    assert [gate for gate in report if gate] == wanted
    assert report[""]["coverage"]["total"] >= 85, "far above the level's threshold"


@pytest.mark.long
def test_the_largest_answers_break_no_gate(renderer: Renderer) -> None:
    """Most fields, longest names and texts, and as many entities as a large domain has."""
    entities = [entity(0), entity(1), *domain()]
    answers = answers_of("task_manager@2") | longest(entities)
    assert extension().problems(answers) == []

    with TemporaryDirectory(prefix="largest-") as folder:  # as projects that are installed
        project = renderer.write(answers, Path(folder) / "project")
        assert run(project, "uv", "sync", "--all-packages", "--quiet").returncode == 0
        wanted = ("lint", "format", "types", "imports", "security", "tests", "chassis")
        code, report = gates(project, *wanted)

    assert {gate: report[gate]["reason"] for gate in wanted} == dict.fromkeys(wanted)
    assert code == 0


SHELL = {
    "SENTRY_DSN": "http://key@127.0.0.1:1/1",
    "LOG_LEVEL": "NONSENSE",
    "DATABASE_URL": "mysql://elsewhere/x",
    "DATA_API_URL": "nowhere",
    "HTTP_TIMEOUT": "0",  # uv reads it, too, and wants a whole number
    "MAX_BODY_BYTES": "1",
    "PGPORT": "1",
    "OTEL_SDK_DISABLED": "true",
    "SECRETS_DIR": "/nowhere",
    "SENTRY_RELEASE": "another",
}


@pytest.mark.long
@pytest.mark.parametrize("level", LEVELS[1:])
def test_tests_see_no_variable_of_the_shell(level: int, installed: Callable[[str], Path]) -> None:
    done = run(installed(f"p2p_lending@{level}"), "make", "test", **SHELL)

    assert done.returncode == 0, done.stdout


# Every variable of the tools that gates run, and what companies and other products set.
HOSTILE = SHELL | {
    "COLUMNS": "20",
    "COVERAGE_FILE": "/nowhere",
    "COVERAGE_RCFILE": "/nowhere",
    "FORCE_COLOR": "1",
    "HTTP_PROXY": "http://127.0.0.1:1",
    "LC_ALL": "tr_TR.UTF-8",
    "MYPYPATH": "/nowhere",
    "MYPY_CACHE_DIR": "/nowhere",
    "PYTEST_ADDOPTS": "-k nothing",
    "PYTEST_PLUGINS": "nowhere",
    "PYTHONOPTIMIZE": "2",
    "PYTHONPATH": "/nowhere",
    "PYTHONWARNINGS": "ignore",
    "RUFF_NO_CACHE": "true",
    "RUFF_OUTPUT_FORMAT": "json",
    "TEST_BASE_URL": "http://127.0.0.1:1",
    "TEST_CERTIFICATE": "/nowhere",
    "TEST_LOAD_TIME": "soon",
    "TEST_LOAD_USERS": "many",
    "TEST_TOKEN": "nobody's",
    "TMPDIR": "/nowhere",
    "TZ": "Pacific/Kiritimati",
    "UV_EXCLUDE_NEWER": "2020-01-01",
    "UV_HTTP_TIMEOUT": "1",
    "UV_INDEX_STRATEGY": "unsafe-best-match",
    "UV_PRERELEASE": "allow",
    "UV_PYTHON": "3.9",
    "UV_RESOLUTION": "lowest",
    "VAULT_ADDR": "http://127.0.0.1:1",
    "https_proxy": "http://127.0.0.1:1",
}
# Who runs the gates, and where what is downloaded lies.
KEPT = {"HOME", "PATH", "USER", "UV_CACHE_DIR"}
# What they measure is another thing at each run.
UNSTEADY = {"load", "sla"}


@pytest.mark.long
@pytest.mark.parametrize("name", [f"task_manager@{level}" for level in LEVELS])
def test_the_shell_decides_nothing(name: str, installed: Callable[[str], Path]) -> None:
    project = installed(name)
    bare = {key: text for key, text in environment().items() if key in KEPT}
    known = [gate["name"] for gate in gates_of(answers_of(name)["level"])]
    steady = [gate for gate in known if gate not in UNSTEADY]
    only = [word for gate in steady for word in ("--only", gate)]

    def told(shell: dict[str, str], *only: str) -> tuple[object, dict[str, tuple[str, str]]]:
        done = subprocess.run(
            [project / ".venv/bin/python", "-m", "tools.check", "--fresh", "--json", *only],
            cwd=project,
            env=shell,
            capture_output=True,
            text=True,
            check=False,
        )
        report = json.loads(done.stdout)
        ran = [gate for gate in report["gates"] if gate["name"] in steady]
        figures = {gate["name"]: (gate["state"], gate["figure"]) for gate in ran}
        return report["coverage"], figures

    told(bare, "--only", "lock")  # the reports are there then, and are files that are formatted
    coverage, figures = told(bare, *only)

    assert {name: gate for name, gate in figures.items() if gate[0] != "passed"} == {}
    covered, hostile = told(bare | HOSTILE, *only)
    assert {name: gate for name, gate in hostile.items() if gate != figures[name]} == {}
    assert covered == coverage


@pytest.mark.long
@pytest.mark.about("level_4")
def test_what_alembic_calls_a_migration_is_no_secret(installed: Callable[[str], Path]) -> None:
    """At random, as a key would be; elsewhere in the same file it would be one."""
    project = installed("task_manager@4")
    own = next(project.glob("services/*_data_postgres_api/migrations/versions")) / "of_theirs.py"
    name = "3f9a1c07be52"
    lines = f'"""More.\n\nRevision ID: {name}\nRevises: {name}\n"""\n\nrevision = "{name}"\n'
    scan = ("uv", "run", "--no-sync", "python", "-m", "tools.secret_scan")
    try:
        own.write_text(f'{lines}down_revision = "{name}"\n')
        assert run(project, *scan).returncode == 0
        own.write_text(f'{lines}_MADE_WITH = "{name}{name}"\n')
        for _ in range(2):  # what has a finding is looked into again
            assert f"{own.relative_to(project)}:8: " in run(project, *scan).stdout
    finally:
        own.unlink()


@pytest.mark.long
@pytest.mark.about("level_4")
def test_only_what_is_clean_and_the_same_is_not_looked_into_for_secrets_again(
    installed: Callable[[str], Path],
) -> None:
    project = installed("task_manager@4")
    scan = ("uv", "run", "--no-sync", "python", "-m", "tools.secret_scan")
    clean = project / ".dev/clean_of_secrets.json"
    own = project / "shared/src/shared/of_theirs.py"
    key = "AKIA" + "IOSFODNN7" + "EXAMPLE"
    try:
        own.write_text("ONE = 1\n")
        assert run(project, *scan).returncode == 0
        known = set(json.loads(clean.read_text()))
        own.write_text(f'ONE = "{key}"\n')
        assert f"{own.relative_to(project)}:1: AWS Access Key" in run(project, *scan).stdout
        assert len(known - set(json.loads(clean.read_text()))) == 1
        clean.write_text("broken")
        assert run(project, *scan).returncode == 1
    finally:
        own.unlink()


@pytest.mark.long
@pytest.mark.parametrize(
    "how", [("pytest-randomly", "-p", "randomly"), ("pytest-xdist", "-n", "4")]
)
def test_tests_pass_in_any_order_and_side_by_side(
    how: tuple[str, ...], installed: Callable[[str], Path]
) -> None:
    plugin, *options = how
    words = ["uv", "run", "--no-sync", "--with", plugin, "pytest", "-q", *options]

    done = run(installed("p2p_lending@2"), *words)

    assert done.returncode == 0, done.stdout


def found(batch: Batch, project: Path) -> None:
    """Put defects into a project: their gate goes red, and its log names the place of each."""
    spread = [(f, defect) for f in batch.folders for defect in f.defects(project)]
    wanted = [*batch.defects, *(defect for f, defect in spread if f.expected(defect))]
    passed_over = [defect for f, defect in spread if not f.expected(defect)]
    with ExitStack() as planted:
        for defect in [*wanted, *passed_over]:
            planted.enter_context(defect.injected(project))
        code, report = gates(project, *batch.gates)

    gate = batch.gates[-1]
    result = report[gate]
    log = (project / result["log"]).read_text("utf-8")
    said = " ".join(f"{log} {result['reason']}".split())  # lines may be wrapped
    level = answers_of(batch.project)["level"]
    unseen = [d.what for d in wanted if not all(text in said for text in d.named_at(level))]
    assert unseen == [], f"{gate} does not find: {'; '.join(unseen)}"
    seen = [d.what for d in passed_over if any(text in said for text in d.named_at(level))]
    assert seen == [], "found although the data say that the gate leaves it out"
    assert result["state"] == "failed"
    assert code == 4


# Three a day at the lowest level without modules, in turns.
DAILY_BATCHES, *BATCHES = [
    batches(f"task_manager@{level}", DEFECTS, FOLDER_DEFECTS) for level in LEVELS
]
# Coverage is one figure for all, and the gate itself insists on every member.
OF_MODULES = [defect for defect in DEFECTS if defect.gate != COVERAGE]
BATCHES += [batches(name, OF_MODULES, FOLDER_DEFECTS) for name in FULLEST]


def parameter(batch: Batch) -> Any:
    """One run of a gate, which takes long or needs a program that this machine may not have."""
    daily = turns.gates_that_bite
    when = daily if batch in DAILY_BATCHES else pytest.mark.long
    missing = ", ".join(batch.missing)
    without = pytest.mark.skipif(bool(missing), reason=missing)
    return pytest.param(batch, id=batch.name, marks=[when, without])


@pytest.mark.parametrize("batch", [parameter(b) for b in [*DAILY_BATCHES, *chain(*BATCHES)]])
def test_a_gate_finds_its_defects(batch: Batch, installed: Callable[[str], Path]) -> None:
    found(batch, installed(batch.project))


# At the level that brings it, in the project that is green there every day.
def test_the_security_scan_finds_its_defect_in_every_folder(
    installed: Callable[[str], Path],
) -> None:
    scanned = [defect for defect in FOLDER_DEFECTS if defect.gate == "security"]
    [batch] = batches("p2p_lending@2", [], scanned)

    found(batch, installed(batch.project))


def test_a_defect_that_is_not_found_among_others_would_be_seen(
    installed: Callable[[str], Path],
) -> None:
    harmless = Defect(
        name="harmless",
        what="a comment",
        gate="lint",
        file="services/team_tasks_api/src/team_tasks_api/domain/task.py",
        new="\n# Well.\n",
        named="domain/task.py:",
    )
    unused = [defect for defect in FOLDER_DEFECTS if defect.gate == "lint"]
    [batch] = batches("task_manager@1", [harmless], unused)

    with pytest.raises(AssertionError, match="lint does not find: a comment\n"):
        found(batch, installed("task_manager@1"))


def test_a_folder_that_is_left_out_without_need_would_be_seen(
    installed: Callable[[str], Path],
) -> None:
    [unused] = [defect for defect in FOLDER_DEFECTS if defect.gate == "lint"]
    left_out = replace(unused, without={"tools/*": "No reason."})
    [batch] = batches("task_manager@1", [], [left_out])

    with pytest.raises(AssertionError, match="the data say that the gate leaves it out"):
        found(batch, installed("task_manager@1"))


def test_a_defect_that_needs_a_program_keeps_no_other_from_being_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "tests.project.defects.lacking", lambda program: f"{program} is not installed"
    )

    found = [d for d in DEFECTS if d.gate == "integration" and not d.group]
    together, left = batches(FULLEST[-1], found, [])

    assert together.missing == []
    assert {defect.server for defect in left.defects} == {"rabbitmq-server"}
    assert left.missing == ["rabbitmq-server is not installed"]


# What has no defect, by what has to have one.


def without_defect(defects: Sequence[Defect | FolderDefect]) -> set[str]:
    """The gates that have no defect, of those that a project can have."""
    there = {gate["name"] for gate in gates_of(LEVELS[-1], *MODULES)}
    return there - {defect.gate for defect in defects}


def unbroken(defects: Sequence[Defect], pyproject: str) -> set[str]:
    """The import contracts of a project that no defect breaks."""
    return contracts(pyproject) - {defect.contract for defect in defects}


def untouched(defects: Sequence[Defect]) -> set[str]:
    """The modules that have no defect of their own."""
    return set(MODULES) - {str(defect.module) for defect in defects}


ALL: list[Defect | FolderDefect] = [*DEFECTS, *FOLDER_DEFECTS]


def test_every_gate_has_a_defect() -> None:
    assert without_defect(ALL) == set()
    assert {defect.gate for defect in ALL} <= {g["name"] for g in extension().catalog()["gates"]}


@pytest.mark.parametrize("gate", sorted({defect.gate for defect in ALL}))
def test_a_gate_without_a_defect_would_be_seen(gate: str) -> None:
    assert without_defect([defect for defect in ALL if defect.gate != gate]) == {gate}


def test_every_gate_that_reads_code_has_a_defect_for_each_folder() -> None:
    assert {defect.gate for defect in FOLDER_DEFECTS} == CODE_GATES


def test_every_import_contract_has_a_defect(rendered: Callable[[str], Path]) -> None:
    pyproject = (rendered(FULLEST[-1]) / "pyproject.toml").read_text("utf-8")

    assert unbroken(DEFECTS, pyproject) == set()
    assert {defect.contract for defect in DEFECTS} - {None} == contracts(pyproject)


def test_an_import_contract_without_a_defect_would_be_seen(
    rendered: Callable[[str], Path],
) -> None:
    pyproject = (rendered(FULLEST[-1]) / "pyproject.toml").read_text("utf-8")
    another = '[[tool.importlinter.contracts]]\nname = "Modules never import each other"\n'

    assert unbroken(DEFECTS, pyproject + another) == {"Modules never import each other"}
    for contract in contracts(pyproject):
        others = [defect for defect in DEFECTS if defect.contract != contract]
        assert unbroken(others, pyproject) == {contract}


def test_every_module_has_a_defect_of_its_own() -> None:
    assert untouched(DEFECTS) == set()
    for module in MODULES:
        assert untouched([defect for defect in DEFECTS if defect.module != module]) == {module}


@pytest.mark.parametrize("name", FULLEST)
def test_every_part_of_a_project_has_its_defects(
    name: str, rendered: Callable[[str], Path]
) -> None:
    project = rendered(name)
    modules = {f"modules/{module}" for module in MODULES}
    services = {path.relative_to(project).as_posix() for path in project.glob("services/*")}
    assert {"chassis", "shared", "tools", *modules, *services} <= set(parts(project))

    for defect in FOLDER_DEFECTS:
        files = [one.file for one in defect.defects(project)]
        missing = [part for part in parts(project) if not _any_below(part, files)]
        assert missing == [], f"{defect.gate} has no defect there"


def test_no_folder_is_left_out_that_is_not_there(rendered: Callable[[str], Path]) -> None:
    project = rendered(FULLEST[-1])

    for defect in FOLDER_DEFECTS:
        out = [one for one in defect.defects(project) if not defect.expected(one)]
        for pattern in defect.without:
            fewer = replace(defect, without={pattern: "the only one"})
            assert any(not fewer.expected(one) for one in out), f"{defect.gate}: {pattern}"


def _any_below(part: str, files: Sequence[str]) -> bool:
    return any(file.startswith(f"{part}/") for file in files)


def test_a_new_module_is_a_part_by_being_there(
    rendered: Callable[[str], Path], tmp_path: Path
) -> None:
    project = shutil.copytree(rendered("task_manager@1+redis"), tmp_path / "project")
    package = project / "modules/files/src/chassis_files"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()

    assert "modules/files" in parts(project)
    assert "modules/files/src/chassis_files" in python_folders(project)
    [failing] = [defect for defect in FOLDER_DEFECTS if defect.gate == "chassis"]
    files = [defect.file for defect in failing.defects(project)]
    assert "modules/files/tests/test_planted.py" in files
