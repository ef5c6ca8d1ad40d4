"""The workflows of this repository: valid, pinned, with the least permissions."""

import itertools
import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ferrata.planning import combinations, sample
from tests.choosing import REQUIRE
from tests.support import ROOT, environment, extension, run

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
STYLE = """
extends: default
rules:
  document-start: disable
  line-length: {max: 100}
  truthy: {check-keys: false}
"""
VALIDATORS = {
    "actionlint": ["actionlint", "-pyflakes="],
    "zizmor": ["zizmor", "--offline", "--pedantic", "--no-progress", "--quiet"],
    "schema": [
        *(sys.executable, "-m", "check_jsonschema"),
        *("--builtin-schema", "vendor.github-workflows"),
    ],
    "yamllint": ["yamllint", "--strict", "--config-data", STYLE],
}
DEFECTS = {
    "actionlint": ("needs: [lint, test", "needs: [lint, tests"),
    "zizmor": ("@de0fac2e4500dabe0009e67214ff5f5447ce83dd  # v6.0.2", "@v6"),
    "schema": ("timeout-minutes: 10", "timeout: 10"),
    "yamllint": ("    steps:\n", "     steps:\n\n\n\n"),
}

workflows = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)


def read(path: Path) -> dict[str, Any]:
    """The parsed workflow; YAML 1.1 takes its key `on` for a boolean."""
    parsed: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return parsed


def validate(name: str, *files: Path) -> subprocess.CompletedProcess[str]:
    """Run a validator on workflows."""
    return run(ROOT, *VALIDATORS[name], *map(str, files))


@pytest.mark.parametrize("name", VALIDATORS)
def test_the_validators_have_nothing_to_say(name: str) -> None:
    done = validate(name, *WORKFLOWS)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", VALIDATORS)
def test_the_validators_find_a_defect(name: str, tmp_path: Path) -> None:
    text = (ROOT / ".github/workflows/ci.yml").read_text("utf-8")
    right, wrong = DEFECTS[name]
    assert right in text
    folder = tmp_path / ".github/workflows"
    folder.mkdir(parents=True)
    (folder / "ci.yml").write_text(text.replace(right, wrong, 1), "utf-8")

    done = validate(name, folder / "ci.yml")

    assert done.returncode != 0


@workflows
def test_every_action_is_pinned_by_its_commit_and_says_its_version(path: Path) -> None:
    used = re.findall(r"uses: (?!\$/)(.*)", path.read_text("utf-8"))

    assert used or path.stem != "ci"
    for action in used:
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+", action)


def test_an_action_has_one_version() -> None:
    text = "".join(path.read_text("utf-8") for path in WORKFLOWS)
    used = set(re.findall(r"uses: ([\w./-]+)@(\w+)", text))

    assert len({action for action, _ in used}) == len(used)


def test_one_version_of_uv_which_the_lock_has_too() -> None:
    text = "".join(path.read_text("utf-8") for path in WORKFLOWS)
    installed = set(re.findall(r'"(\d+\.\d+\.\d+)"', text))
    lock = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))

    assert installed == {of["version"] for of in lock["package"] if of["name"] == "uv"}


@workflows
def test_permissions_are_given_job_by_job(path: Path) -> None:
    workflow = read(path)

    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        assert "permissions" in job, name
    writing = {name for name, job in workflow["jobs"].items() if "write" in str(job["permissions"])}
    assert writing <= {"publish"}


@workflows
def test_nothing_fails_silently_or_for_ever(path: Path) -> None:
    text = path.read_text("utf-8")

    assert "continue-on-error" not in text
    assert "|| true" not in text
    for name, job in read(path)["jobs"].items():
        assert "uses" in job or "timeout-minutes" in job, name


@workflows
def test_runs_of_one_ref_do_not_race(path: Path) -> None:
    concurrency = read(path)["concurrency"]

    assert concurrency["group"].endswith("-${{ github.ref }}")
    assert (concurrency["cancel-in-progress"] is False) == (path.stem == "release")


def test_the_gate_waits_for_every_other_job() -> None:
    jobs = read(ROOT / ".github/workflows/ci.yml")["jobs"]

    assert set(jobs["gate"]["needs"]) == set(jobs) - {"gate"}
    assert jobs["gate"]["if"] == "always()"


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash, as the runner has")
@pytest.mark.parametrize(
    ("results", "green"),
    [
        pytest.param("success success", True, id="all green"),
        pytest.param("success failure success", False, id="one failed"),
        pytest.param("cancelled success", False, id="one cancelled"),
        pytest.param("skipped success", False, id="one skipped"),
    ],
)
def test_the_gate_opens_only_when_all_succeeded(results: str, green: bool) -> None:  # noqa: FBT001
    [step] = read(ROOT / ".github/workflows/ci.yml")["jobs"]["gate"]["steps"]

    done = run(ROOT, "bash", "-e", "-c", step["run"], RESULTS=results)

    assert (done.returncode == 0) == green


def test_every_supported_python_is_tested() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    tested = read(ROOT / ".github/workflows/ci.yml")["jobs"]["test"]["strategy"]["matrix"]["python"]

    assert project["requires-python"] == f">={tested[0]}"
    assert tested == [f"3.{minor}" for minor in range(11, 11 + len(tested))]


# Collects what each of several commands of pytest would run; one process, as importing takes longest.
COLLECT = """
import contextlib, io, json, sys
import pytest

class Ids(list):
    def pytest_collection_finish(self, session):
        self += [item.nodeid for item in session.items]

found = []
for arguments in json.load(sys.stdin):
    found.append(Ids())
    with contextlib.redirect_stdout(io.StringIO()) as said:
        code = pytest.main(["--collect-only", "-q", *arguments], [found[-1]])
    assert code in {0, 5}, said.getvalue()
json.dump(found, sys.stdout)
"""


def pytest_commands(workflow: dict[str, Any]) -> Iterator[list[str]]:
    """The arguments of pytest in all jobs, with what their matrices and variables give."""
    for job in workflow["jobs"].values():
        matrix = job.get("strategy", {}).get("matrix", {})
        if isinstance(matrix, str):
            # One job for each combination; one command collects for all of them.
            names = [one.name for one in sample(extension(), combinations(extension()))]
            matrix = {"name": [": or ".join(names)]}
        for step in job["steps"]:
            words = shlex.split(step.get("run", ""))
            if "pytest" in words:
                arguments = words[words.index("pytest") + 1 :]
                for values in itertools.product(*matrix.values()):
                    given = dict(zip(matrix, values, strict=True))
                    yield [_filled(word, step.get("env", {}), given) for word in arguments]


def _filled(word: str, variables: dict[str, str], matrix: dict[str, str]) -> str:
    """A word of a command, with its variables and the values of the matrix in them."""
    word = re.sub(r"\$(\w+)", lambda found: variables[found[1]], word)
    return re.sub(r"\$\{\{ matrix\.(\w+) \}\}", lambda found: matrix[found[1]], word)


Collected = dict[tuple[str, ...], set[str]]
ON_DEMAND = ("-m", "long or docker")


@pytest.fixture(scope="module")
def collected() -> Collected:
    """The tests that each pytest command of the workflow chooses, and all those on demand."""
    commands = [ON_DEMAND, *map(tuple, pytest_commands(read(ROOT / ".github/workflows/ci.yml")))]
    done = subprocess.run(
        [sys.executable, "-c", COLLECT],
        cwd=ROOT,
        env=environment(),
        input=json.dumps(commands),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(zip(commands, map(set, json.loads(done.stdout)), strict=True))


def left_out(workflow: dict[str, Any], collected: Collected) -> set[str]:
    """The tests on demand that no job runs."""
    chosen = [collected[tuple(command)] for command in pytest_commands(workflow)]
    return collected[ON_DEMAND].difference(*chosen)


def test_every_folder_with_long_tests_has_a_job() -> None:
    """Every day and in no time, what the collection below proves test by test."""
    parts = read(ROOT / ".github/workflows/ci.yml")["jobs"]["proof"]["strategy"]["matrix"]["part"]
    long = {
        path.relative_to(ROOT / "tests").parts[0]
        for path in (ROOT / "tests").glob("*/**/test_*.py")
        if re.search(r"mark\.long|turns", path.read_text("utf-8"))
    }

    assert long - set(parts) == set()


@pytest.mark.long  # collecting for each job takes half a minute
def test_every_test_on_demand_is_run_by_some_job(collected: Collected) -> None:
    assert left_out(read(ROOT / ".github/workflows/ci.yml"), collected) == set()


@pytest.mark.long
def test_a_test_that_no_job_runs_is_found(collected: Collected) -> None:
    workflow = read(ROOT / ".github/workflows/ci.yml")
    for name in workflow["jobs"].keys() - {"gates"}:
        del workflow["jobs"][name]

    found = left_out(workflow, collected)

    assert any(test.startswith("tests/modules/test_workers.py::") for test in found)
    assert any(test.startswith("tests/docker/test_redis.py::") for test in found)
    assert not any("::test_all_gates_are_green" in test and "covering" in test for test in found)


def test_the_whole_of_it_runs_every_week() -> None:
    workflow: dict[Any, Any] = read(ROOT / ".github/workflows/ci.yml")

    [weekly] = workflow[True]["schedule"]
    assert re.fullmatch(r"\d+ \d+ \* \* \d", weekly["cron"])
    for name, job in workflow["jobs"].items():
        assert "if" not in job or name == "gate", f"{name} may be left out"


def test_where_the_tests_of_modules_run_the_servers_are_installed() -> None:
    workflow = read(ROOT / ".github/workflows/ci.yml")

    assert workflow["env"][REQUIRE]
    for name in ("test", "proof", "gates"):
        steps = [step.get("run", "") for step in workflow["jobs"][name]["steps"]]
        [tests] = [n for n, step in enumerate(steps) if "pytest" in step or "make test" in step]
        assert steps.index(".ci/servers") < tests, name


@pytest.mark.parametrize("script", [".ci/run", ".ci/servers"])
def test_scripts_are_sound(script: str) -> None:
    done = run(ROOT, "shellcheck", script)

    assert done.returncode == 0, done.stdout
