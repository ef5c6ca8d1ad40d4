import hashlib
import json
import os
import re
import time
import tomllib

import pytest
from tools.check import __main__ as check
from tools.handoff.__main__ import main

from tests.support import EXAMPLES, ODD, answers_of
from tests.tools.plans import (
    commit,
    gate,
    gate_of_tests,
    git,
    plan,
    report,
    requirements,
)

LEVEL = """
title = "Library <1> | x"
level = 1
level_name = "PoC"
audience = "demo"
use = "Not for production."
deployment = ["`make up` starts it."]
has = ["Loans"]

[lacks]
"level 2" = ["Reservations"]

[upgrade]
"from level 1 to 2" = "the team grows"
"""
GOOD = gate_of_tests(("t.py::a", "FR-001", "passed"))
QA, CATALOG = "artifacts/reports/qa-report.md", "artifacts/deliverables.md"


@pytest.fixture
def library(project):
    """A project with a proved and a descoped requirement, whose gates passed."""
    (project / "tools/handoff.toml").write_text(LEVEL)
    (project / "services" / "loans").mkdir(parents=True)
    (project / "services" / "loans" / "loan.py").write_text("x = 1\n")
    (project / "README.md").write_text("# Library\n")
    descoped = {"reason": "no time", "approved_by": "Ann"}
    requirements(project, FR_001={}, FR_002={"descoped": descoped})
    plan(project, GOOD)
    commit(project)
    assert check.main([]) == 0
    return project


def refused(capsys, code: int = 1) -> list[str]:
    capsys.readouterr()
    assert main([]) == code
    *lines, last = capsys.readouterr().err.splitlines()
    assert last == f"Not handed over: {len(lines)} reason{'s' * (len(lines) > 1)}, see above."
    return [line.removeprefix("✗ ").removeprefix("x ") for line in lines]


def test_what_is_green_and_proved_is_handed_over(library, capsys):
    assert main([]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        f"Handed over: {QA} and {CATALOG}. Commit the catalog."
    )
    text = (library / QA).read_text()
    assert text.startswith("# QA report: Library \\<1> \\| x\n")
    for line in (
        "| Gates | 1 passed, 0 failed, 0 not run |",
        "| Requirements | 1 covered, 1 descoped |",
        "| FR-002 | no time | Ann |",
        "- Reservations",
        "1. `make up` starts it.",
        "- from level 1 to 2: when the team grows.",
        f"| Code | commit {report(library)['code']['commit']} |",
    ):
        assert line in text
    assert "Not for production." in text


def test_the_catalog_has_every_tracked_file_and_the_reports(library):
    main([])
    text = (library / CATALOG).read_text()
    rows = re.findall(r"^\| `(.+?)` \| ([\d,]+) \| `(\w{64})` \|$", text, re.MULTILINE)
    for name, size, digest in rows:
        content = (library / name).read_bytes()
        assert size == f"{len(content):,}"
        assert digest == hashlib.sha256(content).hexdigest()
    names = [name for name, _, _ in rows]
    assert {"services/loans/loan.py", "README.md", QA, "artifacts/reports/gates.json"} <= {*names}
    assert CATALOG not in names
    assert len(names) == len(set(names))
    assert text.startswith("# Deliverables: Library")
    assert f"{len(names)} files" in text


def test_it_can_be_done_again_before_and_after_a_commit(library):
    assert main([]) == 0
    assert main([]) == 0
    commit(library)
    assert main([]) == 0
    assert check.main([]) == 0
    assert main([]) == 0


def test_without_a_run_there_is_nothing_to_hand_over(library, capsys):
    (library / "artifacts/reports/gates.json").unlink()
    (line,) = refused(capsys)
    assert line == "artifacts/reports/gates.json is missing: run `make check-fresh`"
    assert not (library / QA).exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [("{", "cannot be read"), ("[]", "is not what"), ('{"gates": []}', "is not what")],
)
def test_a_broken_report_is_no_report(library, capsys, text, said):
    (library / "artifacts/reports/gates.json").write_text(text)
    (line,) = refused(capsys)
    assert said in line


def test_a_report_of_other_tools_is_no_report(library, capsys):
    path = library / "artifacts/reports/gates.json"
    path.write_text(json.dumps(report(library) | {"schema_version": 99}))
    (line,) = refused(capsys)
    assert "another version of the tools" in line


def test_a_partial_run_is_refused(library, capsys):
    plan(library, GOOD, gate("lint", "print('1 done')"))
    commit(library)
    check.main(["--only", "lint"])
    assert refused(capsys) == [
        "the last run left out tests: run `make check-fresh`",
        (
            "requirements: no gate left a report of its tests (tests: not selected):"
            " run `make check-fresh`"
        ),
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param(
            gate("lint", "print('1 done'); exit(3)"),
            "the gate lint failed (1 done: exit code 3): mend it, then run `make check-fresh`",
            id="failed",
        ),
        pytest.param(
            gate("lint", "", command=["no-such-tool"]),
            "the gate lint did not run (no-such-tool is not installed): mend it, then run `make check-fresh`",
            id="not-run",
        ),
    ],
)
def test_a_gate_that_is_not_green_is_refused(library, capsys, text, line):
    plan(library, GOOD, text)
    commit(library)
    check.main([])
    assert refused(capsys) == [line]


@pytest.mark.parametrize(
    ("outcome", "line"),
    [
        ("failed", "FR-001 (Lend a book) is failed: mend t.py::b, then run `make check-fresh`"),
        (
            "skipped",
            (
                "FR-001 (Lend a book) is uncovered: mark a passing test with"
                ' @pytest.mark.requirement("FR-001"), or descope it in the answers'
            ),
        ),
    ],
)
def test_an_open_requirement_is_refused(library, capsys, outcome, line):
    plan(library, gate_of_tests(("t.py::b", "FR-001", outcome)))
    commit(library)
    check.main([])
    assert refused(capsys) == [line]


def test_uncommitted_changes_are_refused_however_the_gates_ran(library, capsys):
    (library / "services" / "loans" / "new file.py").touch()
    assert refused(capsys) == [
        "uncommitted changes (services/loans/new file.py): commit them, then run `make check-fresh`"
    ]
    check.main([])
    commit(library)
    assert refused(capsys) == ["the gates ran on uncommitted changes: run `make check-fresh`"]


def test_code_that_is_newer_than_the_gates_is_refused(library, capsys):
    (library / "services" / "loans" / "loan.py").write_text("x = 2\n")
    commit(library)
    (line,) = refused(capsys)
    assert line.startswith("the code changed since the gates ran (commit ")


def test_a_commit_that_is_gone_is_refused(library, capsys):
    path = library / "artifacts/reports/gates.json"
    path.write_text(path.read_text().replace(report(library)["code"]["commit"], "0" * 40))
    (line,) = refused(capsys)
    assert "the code changed since the gates ran (commit 000000000000)" in line


def test_an_open_answer_is_refused(library, capsys):
    open_answers = 'open = ["scope_in: What is in scope?"]\n'
    (library / "tools/handoff.toml").write_text(LEVEL.replace("has =", f"{open_answers}has ="))
    lines = refused(capsys)
    assert lines[0] == (
        "the answer scope_in is open (What is in scope?): "
        "answer it with `ferrata climb --set scope_in=...`, the value as YAML"
    )


def test_a_run_before_git_is_refused(project, capsys):
    (project / "tools/handoff.toml").write_text(LEVEL)
    requirements(project)
    plan(project, gate_of_tests())
    check.main([])
    commit(project)
    assert refused(capsys) == [
        "the gates ran before the code was under git: run `make check-fresh`"
    ]


def test_outside_git_the_times_of_the_files_count(project, capsys):
    (project / "tools/handoff.toml").write_text(LEVEL)
    (project / "reports.py").touch()
    (project / ".env").touch()
    (project / ".x_cache").mkdir()
    (project / ".x_cache" / "y").touch()
    requirements(project)
    plan(project, gate_of_tests())
    before = time.time() - 60
    for path in project.rglob("*"):
        os.utime(path, (before, before))
    check.main([])
    assert main([]) == 0
    text = (project / CATALOG).read_text()
    assert "`reports.py`" in text
    assert "`.env`" not in text
    assert "_cache" not in text
    assert text.count("gates.json") == 1
    os.utime(project / "reports.py", (time.time() + 60,) * 2)
    assert refused(capsys) == [
        "reports.py is newer than the last run of the gates: run `make check-fresh`"
    ]


def test_json_is_one_document(library, capsys):
    capsys.readouterr()
    assert main(["--json"]) == 0
    captured = capsys.readouterr()
    done = {"state": "handed over", "level": 1, "reasons": [], "files": [QA, CATALOG]}
    assert (json.loads(captured.out), captured.err) == (done, "")
    git(library, "rm", "-q", "--cached", "README.md")
    assert main(["--json"]) == 1
    captured = capsys.readouterr()
    content = json.loads(captured.out)
    assert (content["state"], content["files"], captured.err) == ("refused", [], "")
    assert [reason["code"] for reason in content["reasons"]] == ["dirty"]
    assert set(content["reasons"][0]) == {"code", "what", "remedy"}


def test_wrong_usage(library, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--nope"])
    assert ended.value.code == 2
    (library / "tools/handoff.toml").write_text("level = 'x'")
    assert main([]) == 2
    assert "handoff.toml: must contain title" in capsys.readouterr().err


def test_outside_a_project_the_message_says_so(project, capsys):
    assert main([]) == 2
    assert "run this from the project's root" in capsys.readouterr().err


@pytest.mark.about("level_2", "level_3", "level_4")
@pytest.mark.parametrize("name", [*EXAMPLES, *ODD])
def test_what_the_template_says_about_the_level(name, rendered):
    written = tomllib.loads((rendered(name) / "tools/handoff.toml").read_text("utf-8"))
    answers = answers_of(name)

    assert (written["title"], written["level"]) == (answers["project_name"], answers["level"])
    assert "not for production" in written["use"]
    assert len(written["lacks"]) == len(written["upgrade"]) == 4 - answers["level"]
    assert all([written["has"], written["deployment"], *written["lacks"].values()])


def test_what_was_kept_from_an_earlier_run_is_not_handed_over(library, capsys):
    plan(library, f'{GOOD}inputs = ["services/**/*"]\n')
    commit(library)
    assert check.main([]) == 0
    assert check.main([]) == 0
    assert refused(capsys) == [
        "the last run kept an earlier result of tests: run `make check-fresh`"
    ]
    assert check.main(["--fresh"]) == 0
    assert main([]) == 0
