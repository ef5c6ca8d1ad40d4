"""A sample in which every pair occurs, generated for real: all gates of each project are green."""

import json
import shutil
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from ferrata.planning import combinations
from ferrata.planning import sample as pairwise
from tests.choosing import missing
from tests.matrix.rules import future
from tests.matrix.sample import PYTHONS, SHAPES, Case, cases, factor_values, pythons_here
from tests.support import answers_of, commit_all, extension, run

FULL = future()
RULES = {"now": extension(), "all": FULL}


def pairs(rows: list[dict[str, Any]]) -> set[Any]:
    return {(a, b) for row in rows for a in row.items() for b in row.items()}


@pytest.mark.parametrize("rules", RULES.values(), ids=RULES)
def test_every_pair_is_covered(rules: ModuleType) -> None:
    everything = [
        factor_values(rules, Case(one, shape, python))
        for one in combinations(rules)
        for shape in SHAPES
        for python in PYTHONS
    ]

    chosen = [factor_values(rules, case) for case in cases(rules)]

    assert pairs(chosen) == pairs(everything)
    assert {row["answers"] for row in chosen} == set(SHAPES)
    assert {row["python"] for row in chosen} == set(PYTHONS)


@pytest.mark.parametrize("rules", RULES.values(), ids=RULES)
def test_it_has_the_combinations_of_the_command_and_is_small(rules: ModuleType) -> None:
    found = cases(rules)

    assert {case.combination for case in found} == set(pairwise(rules, combinations(rules)))
    assert len(found) == len(set(found)) <= 24
    assert len({case.name for case in found}) == len(found)


def test_a_job_runs_the_cases_of_its_combination() -> None:
    found = cases(FULL)

    for one in combinations(FULL):
        chosen = {case for case in found if f"[{one.name}:" in f"[{case.name}]"}
        assert chosen == {case for case in found if case.combination == one}


def test_half_of_it_would_not_do() -> None:
    rows = [factor_values(FULL, case) for case in cases(FULL)]

    assert pairs(rows[::2]) < pairs(rows)


def check(case: Case, template: Path) -> None:
    """Generate a case and look at the evidence of all its gates."""
    answers = answers_of(case.shape) | case.combination.answers | {"python_version": case.python}
    check_answers(case.name, answers, template)


def check_answers(name: str, answers: dict[str, Any], template: Path) -> None:
    """Generate with `ferrata new`: all gates must be green; where one is not, the project stays."""
    folder = Path(tempfile.mkdtemp(prefix="covering-"))
    # PostgreSQL must not run as root: under it, another user has to get through.
    folder.chmod(0o755)
    file = folder / "answers.yml"
    file.write_text(yaml.safe_dump(answers, allow_unicode=True), "utf-8")
    project = folder / "project"
    ferrata = str(Path(sys.executable).parent / "ferrata")

    done = run(
        folder,
        *(ferrata, "new", str(project), "--answers", str(file), "--template", str(template)),
        *("--ref", "HEAD"),
    )

    where = f"{name}: the project is kept in {project}\n{done.stdout}\n{done.stderr}"
    assert done.returncode == 0, where
    report = json.loads((project / "artifacts/reports/gates.json").read_text("utf-8"))
    states = {gate["name"]: gate["state"] for gate in report["gates"]}
    assert states == dict.fromkeys(gates_of(answers), "passed"), where
    version = run(project, ".venv/bin/python", "--version").stdout
    assert version.startswith(f"Python {answers['python_version']}."), where
    shutil.rmtree(folder)


def gates_of(answers: dict[str, Any]) -> list[str]:
    """The gates that the catalog wants of a project."""
    modules = extension().closure(answers["level"], answers["modules"])
    return [
        gate["name"]
        for gate in extension().catalog()["gates"]
        if gate.get("level", 1) <= answers["level"] and gate.get("module") in {None, *modules}
    ]


SAMPLE = cases(extension())
# Where a Python is missing, its combinations run on another one, too.
HERE = [case for case in cases(extension(), pythons=pythons_here()) if case not in SAMPLE]


@pytest.mark.long
@pytest.mark.parametrize("case", [*SAMPLE, *HERE], ids=lambda case: case.name)
def test_all_gates_are_green(case: Case, template: Path) -> None:
    if case.python not in pythons_here():
        missing(f"Python {case.python} is not here")
    check(case, template)


@pytest.mark.long
def test_the_gates_of_one_are_green(template: Path) -> None:
    check(Case(combinations(extension())[0], "task_manager", pythons_here()[0]), template)


@pytest.mark.long
def test_red_gates_name_the_answers_and_keep_the_project(template: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(template, tmp_path / "template")
    main = broken / "template/{{ level_1 }}/services/{{ api }}/src/{{ api }}/main.py.jinja"
    main.write_text(main.read_text("utf-8") + "\nX: int = ''\n", "utf-8")
    commit_all(broken, "break it")
    case = Case(combinations(extension())[0], "task_manager", pythons_here()[0])

    with pytest.raises(AssertionError) as red:
        check(case, broken)

    message = str(red.value)
    assert message.startswith(f"{case.name}: the project is kept in ")
    kept = Path(message.splitlines()[0].partition(" is kept in ")[2])
    assert (kept / "artifacts/reports/gates.json").is_file()
    shutil.rmtree(kept.parent)
