"""What passed is not run again as long as nothing that it reads has changed, and says so."""

import json
import os
import shutil
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tools.check.__main__ import main

from tests.tools.plans import HEAD, checklist_of, gate, gate_of_tests, plan, report, requirements

CODE = "open('runs', 'a').write('x'); print('3 done')"
SEEN = HEAD + 'shell = ["TEST_*"]\n'


def kept(name: str = "slow", code: str = CODE, **more: object) -> str:
    return gate(name, code, inputs=["code/**/*"], **more)


@pytest.fixture
def code(project: Path) -> Path:
    """A project with something that its gate reads, and something that it does not."""
    for name in ("code/deep", "services"):
        (project / name).mkdir(parents=True)
    (project / "code/deep/a.py").write_text("a = 1\n")
    for name in ("services/b.py", "uv.lock", "pyproject.toml"):
        (project / name).touch()
    plan(project, kept())
    return project


def runs(project: Path) -> int:
    return len((project / "runs").read_text())


def store(project: Path, name: str = "slow") -> Path:
    return project / f".gates_cache/{name}.zip"


def tampered(project: Path, **about: object) -> None:
    """Write other facts beside the evidence that is kept."""
    path = store(project)
    with zipfile.ZipFile(path) as file:
        content = {name: file.read(name) for name in file.namelist()}
    content["kept.json"] = json.dumps(json.loads(content["kept.json"]) | about).encode()
    with zipfile.ZipFile(path, "w") as file:
        for name, text in content.items():
            file.writestr(name, text)


def test_what_passed_is_not_run_again_and_says_so(code, capsys):
    assert main([]) == 0
    first = report(code)["gates"][0]
    assert (first["kept"], first["reason"]) == (False, None)
    capsys.readouterr()

    assert main([]) == 0

    assert runs(code) == 1
    moment = first["started"][:16].replace("T", " ")
    said = f"kept from {moment} UTC, nothing that it reads has changed"
    line, last = capsys.readouterr().out.splitlines()
    assert line.endswith(f"slow  3 done: {said}")
    assert "Kept from an earlier run: slow (--fresh runs it again)." in last
    again = report(code)["gates"][0]
    assert again == first | {"kept": True, "reason": said}
    assert (code / again["log"]).read_text() == "3 done\n"
    assert f"3 done: {said}" in checklist_of(code)
    page = (code / "artifacts/reports/index.html").read_text()
    assert said in page
    assert "of 1, 1 of them in an earlier run" in page


CHANGES = {
    "an input": lambda project: (project / "code/deep/a.py").write_text("a = 2\n"),
    "another input": lambda project: (project / "code/b.py").touch(),
    "an input elsewhere": lambda project: (project / "code/deep/a.py").rename("code/a.py"),
    "the lock file": lambda project: (project / "uv.lock").write_text("version = 2\n"),
    "what pytest is told": lambda project: (project / "pyproject.toml").write_text("[tool]\n"),
    "what all tests share": lambda project: (project / "conftest.py").touch(),
    "the gate": lambda project: plan(project, kept(timeout_s=11)),
    "its words": lambda project: plan(project, kept(code=f"{CODE};")),
    "a copy elsewhere": lambda project: os.chdir(
        shutil.copytree(project, project.with_name(f"{project.name}-copy"))
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_decides_the_result_has_it_run_again(code, monkeypatch, change):
    assert main([]) == 0

    change(code)

    assert main([]) == 0
    assert runs(Path.cwd()) == 2
    assert report(Path.cwd())["gates"][0]["kept"] is False


def test_so_does_a_variable_that_gates_see(code, monkeypatch):
    plan(code, kept(), head=SEEN)
    assert main([]) == 0
    monkeypatch.setenv("OTHER_REDIS", "elsewhere")
    assert main([]) == 0
    assert runs(code) == 1
    monkeypatch.setenv("TEST_REDIS", "elsewhere")
    assert main([]) == 0
    assert runs(code) == 2


def test_so_does_an_installed_package(code, monkeypatch):
    assert main([]) == 0
    monkeypatch.setattr("tools.check.kept._installed", list)
    assert main([]) == 0
    assert runs(code) == 2


def test_what_a_gate_does_not_read_changes_nothing(code):
    assert main([]) == 0
    (code / "services/b.py").write_text("b = 2\n")
    (code / "code/deep/__pycache__").mkdir()
    (code / "code/deep/__pycache__/a.pyc").touch()
    assert main([]) == 0
    assert runs(code) == 1


def test_a_gate_that_says_nothing_of_what_it_reads_always_runs(code):
    plan(code, gate("slow", CODE))
    for _ in range(2):
        assert main([]) == 0
    assert runs(code) == 2
    assert not (code / ".gates_cache").exists()


@pytest.mark.parametrize("wrong", ["servics/**/*", "/etc/passwd", ""])
def test_where_an_input_is_misspelt_nothing_is_kept(code, wrong):
    plan(code, gate("slow", CODE, inputs=["code/**/*", wrong]))
    for _ in range(2):
        assert main([]) == 0
    assert runs(code) == 2


BAD = {
    "failed": kept(code=f"{CODE}; exit(3)"),
    "timed out": kept(code=f"{CODE}; import time; time.sleep(60)", timeout_s=0.3),
    "without evidence": kept(code="open('runs', 'a').write('x'); print('nothing')"),
    "could not run": kept(code=f"{CODE}; exit(1)", cannot_run="3 done"),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_only_what_passed_is_kept(code, bad):
    plan(code, bad)
    for _ in range(2):
        assert main([]) == 4
    assert runs(code) == 2
    assert not store(code).exists()


def test_what_changed_while_the_gate_ran_is_not_kept(code):
    plan(code, kept(code=f"open('code/b.py', 'w'); {CODE}"))
    assert main([]) == 0
    assert not store(code).exists()


def test_all_can_be_run_afresh(code, capsys):
    assert main([]) == 0
    assert main(["--fresh"]) == 0
    assert runs(code) == 2
    assert "kept" not in capsys.readouterr().out
    assert main([]) == 0
    assert runs(code) == 2


def test_a_fresh_run_that_fails_leaves_nothing_that_passed(code):
    again = "import os; print('3 done'); os.path.exists('red') and exit(3)"
    plan(code, kept(code=again))
    assert main([]) == 0
    (code / "red").touch()
    assert main([]) == 0
    assert main(["--fresh"]) == 4
    assert main([]) == 4


@pytest.mark.parametrize("days", [-1, 8], ids=["of tomorrow", "too old"])
def test_nothing_counts_for_long(code, days):
    assert main([]) == 0
    moment = datetime.now(UTC) - timedelta(days=days)
    tampered(code, started=moment.isoformat(timespec="seconds"))
    assert main([]) == 0
    assert runs(code) == 2


@pytest.mark.parametrize(
    "about",
    [
        {"digest": None},
        {"words": None},
        {"words": [1]},
        {"started": 1},
        {"started": "2026"},
        {"command": 1},
        {"duration_s": "x"},
    ],
    ids=str,
)
def test_facts_of_another_shape_are_as_good_as_none(code, about):
    assert main([]) == 0
    tampered(code, **about)
    assert main([]) == 0
    assert runs(code) == 2


@pytest.mark.parametrize("share", [0, 0.5, 0.95])
def test_half_a_file_is_as_good_as_none(code, share):
    assert main([]) == 0
    content = store(code).read_bytes()
    store(code).write_bytes(content[: int(share * len(content))])
    assert main([]) == 0
    assert runs(code) == 2
    assert main([]) == 0
    assert runs(code) == 2


def test_evidence_that_rotted_is_as_good_as_none(code):
    assert main([]) == 0
    content = store(code).read_bytes()
    for place in range(0, len(content), 50):
        rotten = bytearray(content)
        rotten[place] ^= 0xFF
        store(code).write_bytes(rotten)
        assert main([]) == 0
        assert report(code)["gates"][0]["figure"] == "3 done"


def test_what_somebody_else_wrote_is_as_good_as_none(code, monkeypatch):
    assert main([]) == 0
    other = os.getuid() + 1
    monkeypatch.setattr("tools.check.kept.os.getuid", lambda: other)
    assert main([]) == 0
    assert runs(code) == 2


def test_evidence_that_does_not_pass_is_as_good_as_none(code):
    assert main([]) == 0
    with zipfile.ZipFile(store(code), "a") as file, pytest.warns(UserWarning, match="Duplicate"):
        file.writestr("logs/slow.log", "nothing")
    assert main([]) == 0
    assert runs(code) == 2


def test_a_store_that_cannot_be_written_is_no_failure(code):
    (code / ".gates_cache").touch()
    for _ in range(2):
        assert main([]) == 0
    assert runs(code) == 2


def test_nothing_is_left_beside_what_is_kept(code):
    assert main([]) == 0
    there = sorted(path.name for path in store(code).parent.iterdir())
    assert there == [".gitignore", "slow.zip"]


def test_kept_tests_prove_what_they_proved(project):
    requirements(project, FR_001={})
    tests = gate_of_tests(("t.py::a", "FR-001", "passed"), ("t.py::b", "", "skipped"))
    plan(project, f'{tests}inputs = ["tools/requirements.toml"]\n')
    assert main([]) == 0
    before = report(project)
    assert main([]) == 0
    after = report(project)
    assert after["gates"][0]["kept"] is True
    for part in ("requirements", "unproved_tests", "targets"):
        assert after[part] == before[part]
    assert after["requirements"][0]["state"] == "covered"


MEASURED = (
    "import os, sys; open('runs', 'a').write('x');"
    "open(sys.argv[1], 'w').write('<x/>'); print(f'{len(sys.argv)} done');"
    "len(sys.argv) > 2 and open(os.environ['DATA'], 'w').write('lines')"
)
COVERAGE = """
[coverage]
gate = "coverage"
data = "coverage.json"
threshold = 60
folders = []
"""
READS = (
    "import json, os, sys; work = sys.argv[1]; assert os.path.exists(f'{work}/.coverage.slow');"
    "json.dump({'totals': {'percent_covered': 70}, 'files': {}}, open(f'{work}/coverage.json', 'w'));"
    "os.remove(f'{work}/.coverage.slow'); print('1 done')"
)


@pytest.fixture
def measured(code: Path) -> Path:
    """A project whose gate leaves a report, and data that the gate after it combines."""
    slow = kept(
        command=["python", "-c", MEASURED, "{work}/junit.xml"],
        measured=["--cov"],
        reports=["junit.xml"],
    )
    coverage = gate("coverage", "", command=["python", "-c", READS, "{work}"], needs=["slow"])
    plan(code, COVERAGE, slow, '[gates.slow.env]\nDATA = "{work}/.coverage.slow"\n', coverage)
    return code


def test_coverage_is_judged_as_if_the_gate_had_run(measured):
    for _ in range(3):
        assert main([]) == 0
        assert report(measured)["coverage"]["total"] == 70
        assert (measured / "artifacts/reports/junit.xml").read_text() == "<x/>"
    assert runs(measured) == 1


def test_a_measured_run_serves_where_nothing_is_measured_and_not_the_other_way(measured):
    assert main(["--only", "slow"]) == 0
    assert main([]) == 0
    assert runs(measured) == 2
    assert main(["--only", "slow"]) == 0
    assert main([]) == 0
    assert runs(measured) == 2
