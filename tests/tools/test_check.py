import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tools.check.__main__ import main
from tools.check.display import Display
from tools.check.plan import read_plan
from tools.common.processes import crowding

from tests.tools.plans import HEAD, checklist_of, commit, gate, plan, report


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def by_name(project: Path) -> dict[str, dict]:
    return {item["name"]: item for item in report(project)["gates"]}


GOOD = gate("good", "print('3 done')")
BAD = gate("bad", "print('broken thing'); raise SystemExit(3)", remedy="Mend it.")


def test_a_passing_run_leaves_its_evidence(project, capsys):
    plan(project, GOOD)
    assert main([]) == 0
    out = capsys.readouterr().out
    assert "good  3 done" in out
    assert "The gate passed in " in out
    content = report(project)
    assert content["schema_version"] == 2
    assert (content["project"], content["level"]) == ("demo", 1)
    assert content["coverage"] is None
    assert content["machine"]["cpus"] == os.cpu_count()
    item = content["gates"][0]
    assert item["state"] == "passed"
    assert item["exit_code"] == 0
    assert item["figures"] == {"n": 3}
    assert item["figure"] == "3 done"
    assert item["tool_version"].startswith("3.")
    assert (project / item["log"]).read_text() == "3 done\n"
    checklist = (project / "artifacts/reports/verification-checklist.md").read_text()
    assert "| [x] | The good | passed | 3 done |" in checklist
    assert "1 passed, 0 failed, 0 not run" in checklist
    assert names(project / "artifacts") == ["reports"]


def test_a_failing_gate_shows_its_output_and_what_to_do(project, capsys):
    plan(project, GOOD, BAD)
    assert main([]) == 4
    out = capsys.readouterr().out
    assert "exit code 3" in out
    assert "    broken thing" in out
    assert "full log: artifacts/reports/logs/bad.log" in out
    assert "Mend it." in out
    assert out.splitlines()[-1].endswith("uv run python -m tools.check --only bad")
    assert by_name(project)["bad"]["state"] == "failed"


def test_exit_code_0_without_the_figure_is_a_failure(project):
    plan(project, gate("tests", "print('3 skipped')"))
    assert main([]) == 4
    item = by_name(project)["tests"]
    assert item["state"] == "failed"
    assert "no evidence" in item["reason"]


def test_a_figure_with_an_unknown_name_is_missing_evidence(project):
    plan(project, gate("tests", "print('3 done')", figure="{m} done"))
    assert main([]) == 4
    assert "'{m} done' could not be filled in" in by_name(project)["tests"]["reason"]


@pytest.mark.parametrize(
    ("code", "exit_code", "figure"),
    [
        pytest.param("print('2 done')", 0, "0 findings, 2 done", id="passed"),
        pytest.param("print('E1\\nE2\\n2 done'); exit(1)", 4, "2 findings", id="failed"),
    ],
)
def test_counts_and_failed_figure(project, code, exit_code, figure):
    text = gate("lint", code, figure="{e} findings, {n} done", failed_figure="{e} findings")
    plan(project, text, '[gates.lint.counts]\ne = "^E"\n')
    assert main([]) == exit_code
    assert by_name(project)["lint"]["figure"] == figure


def test_a_missing_tool_is_not_run(project, capsys):
    plan(project, gate("lint", "", command=["no-such-tool", "x"]), GOOD)
    assert main([]) == 4
    item = by_name(project)["lint"]
    assert (item["state"], item["reason"]) == ("not run", "no-such-tool is not installed")
    assert (item["exit_code"], item["log"], item["started"]) == (None, None, None)
    assert "NOT RUN: no-such-tool is not installed" in capsys.readouterr().out
    assert "1 passed, 0 failed, 1 not run" in checklist_of(project)


def test_a_tool_that_cannot_be_started_is_not_run(project):
    (project / "tool").write_bytes(b"\x7fELF nonsense")
    (project / "tool").chmod(0o755)
    plan(project, gate("lint", "", command=["./tool"]))
    assert main([]) == 4
    item = by_name(project)["lint"]
    assert item["state"] == "not run"
    assert "./tool could not be started" in item["reason"]


def test_an_unmet_need_is_not_run_and_so_is_what_needs_that(project):
    plan(
        project,
        BAD,
        gate("second", "print('1 done')", lane="two", needs=["bad"]),
        gate("third", "print('1 done')", needs=["second"]),
    )
    assert main([]) == 4
    items = by_name(project)
    assert items["second"]["reason"] == "bad did not pass"
    assert items["third"]["reason"] == "second did not pass"
    assert items["third"]["state"] == "not run"


@pytest.mark.parametrize("crowding", [1.0, 4.0])
def test_a_timeout_is_a_failure_and_ends_grandchildren(project, monkeypatch, crowding):
    monkeypatch.setattr("tools.common.processes.crowding", lambda: crowding)
    code = (
        "import subprocess, sys;"
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        "open('pid', 'w').write(str(p.pid)); p.wait()"
    )
    plan(project, gate("slow", code, timeout_s=0.7))
    assert main([]) == 4
    item = by_name(project)["slow"]
    assert (item["state"], item["exit_code"]) == ("failed", None)
    assert item["reason"].startswith("timed out after ")
    assert not alive(int((project / "pid").read_text()))


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_failure_for_want_of_a_network_is_not_run(project):
    code = "print('error: dns error'); exit(2)"
    plan(project, gate("lock", code, cannot_run="dns error"))
    assert main([]) == 4
    item = by_name(project)["lock"]
    assert (item["state"], item["reason"]) == ("not run", "error: dns error")
    assert item["command"] == ["python", "-c", code]


def test_only_runs_and_judges_what_was_selected(project, capsys):
    plan(project, BAD, GOOD)
    assert main(["--only", "good"]) == 0
    items = by_name(project)
    assert (items["bad"]["state"], items["bad"]["reason"]) == ("not run", "not selected")
    assert items["good"]["state"] == "passed"
    assert capsys.readouterr().out.splitlines()[-1].endswith(" s. Not run: bad.")


def test_only_runs_what_a_gate_needs_too(project):
    plan(project, BAD, GOOD, gate("last", "print('1 done')", needs=["good"]))
    assert main(["--only", "last"]) == 0
    assert {name: item["state"] for name, item in by_name(project).items()} == {
        "bad": "not run",
        "good": "passed",
        "last": "passed",
    }


def test_quick_runs_what_the_plan_says(project):
    plan(project, BAD, GOOD, head=HEAD + 'quick = ["good"]\n')
    assert main(["--quick"]) == 0
    assert by_name(project)["bad"]["reason"] == "not selected"


def test_to_measure_is_for_a_run_that_judges_it(packages, capsys):
    code = "import sys; print(len(sys.argv), 'done')"
    command = ["python", "-c", code]
    tests = gate("tests", "", command=command, measured=["--cov"])
    plan(packages, COVERAGE.replace('"tests"', '"last"'), tests, coverage_gate("last", shared=60))
    main(["--only", "tests"])
    assert by_name(packages)["tests"]["figure"] == "1 done"
    main([])
    assert by_name(packages)["tests"]["figure"] == "2 done"


HOSTILE = {
    "COLUMNS": "20",
    "FORCE_COLOR": "1",
    "HTTP_PROXY": "http://127.0.0.1:1",
    "MYPY_CACHE_DIR": "/nowhere",
    "PYTEST_ADDOPTS": "-k nothing",
    "PYTHONPATH": "/nowhere",
    "RUFF_OUTPUT_FORMAT": "json",
    "SENTRY_DSN": "http://key@127.0.0.1:1/1",
}


def test_gates_see_no_variable_that_nobody_meant_for_them(project, monkeypatch):
    for name, value in HOSTILE.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("UV_OFFLINE", "1")
    code = "import os, json; print(json.dumps(dict(os.environ))); print('1 done')"
    own = '[gates.a.env]\nOWN = "x"\n'
    plan(project, gate("a", code), own, head=HEAD + 'shell = ["UV_*"]\n')
    assert main([]) == 0
    seen = json.loads((project / "artifacts/reports/logs/a.log").read_text().splitlines()[0])
    assert not HOSTILE.keys() & seen.keys()
    assert (seen["UV_OFFLINE"], seen["OWN"]) == ("1", "x")
    assert "127.0.0.1" in seen["NO_PROXY"]


def test_only_keeps_the_logs_of_gates_that_did_not_run(project):
    plan(project, BAD, GOOD)
    main([])
    main(["--only", "good"])
    assert (project / "artifacts/reports/logs/bad.log").exists()
    assert by_name(project)["bad"]["log"] is None


def test_an_unknown_gate_is_wrong_usage_in_one_line(project, capsys):
    plan(project, GOOD, BAD)
    assert main(["--only", "nope"]) == 2
    assert capsys.readouterr().err == "no gate is called nope; known gates: good, bad\n"


def test_json_is_the_only_thing_on_stdout(project, capsys):
    plan(project, GOOD, BAD)
    assert main(["--json"]) == 4
    captured = capsys.readouterr()
    assert json.loads(captured.out) == report(project)
    assert "broken thing" in captured.err


def test_list_runs_nothing(project, capsys):
    plan(project, GOOD, BAD)
    assert main(["--list"]) == 0
    assert "good  The good: python -c" in capsys.readouterr().out
    assert not (project / "artifacts").exists()


# Each waits until both are there.
MEETING = """
import pathlib, tempfile, time
here = pathlib.Path("there")
here.mkdir(exist_ok=True)
tempfile.mkstemp(dir=here)
end = time.monotonic() + 8
while len([*here.iterdir()]) < 2 and time.monotonic() < end:
    time.sleep(0.01)
print(len([*here.iterdir()]) // 2, "done")
exit(time.monotonic() >= end)
"""


def test_lanes_run_side_by_side(project):
    plan(project, gate("a", MEETING), gate("b", MEETING, lane="two"))
    assert main([]) == 0


def test_the_excerpt_is_bounded_and_without_noise(project, capsys):
    code = "print('noise'); print('x' * 1000); [print('line', i) for i in range(99)]; exit(1)"
    plan(project, gate("long", code, noise="^noise"))
    main([])
    out = capsys.readouterr().out
    assert "... 60 lines before these" in out
    assert "line 59\n" in out
    assert "line 58\n" not in out
    assert len((project / "artifacts/reports/logs/long.log").read_text().splitlines()) == 101


def test_control_characters_never_reach_the_terminal(project, capsys):
    plan(project, gate("loud", r"print('\x1b[31mred\x1b[0m\x07'); exit(1)"))
    main([])
    assert "    red\n" in capsys.readouterr().out


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("no_color", "expected"), [("", True), ("1", False)])
def test_colour_only_on_a_terminal_and_without_no_color(project, monkeypatch, no_color, expected):
    plan(project, GOOD)
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    assert main([]) == 0
    assert ("\x1b[32m✓" in terminal.getvalue()) is expected


def test_the_number_of_tests_is_shown_on_a_terminal(project, monkeypatch):
    code = (
        "import json, sys, time;"
        "open(sys.argv[1] + '.progress', 'w').write('3 of 8'); time.sleep(0.7);"
        "tests = [{'id': 'a', 'requirements': [], 'outcome': 'passed', 'reason': ''}];"
        "json.dump({'tests': tests}, open(sys.argv[1], 'w'))"
    )
    command = ["python", "-c", code, "{work}/outcomes.json"]
    (project / "tools/requirements.toml").touch()
    told = {"patterns": [], "figure": "{tests}", "outcomes": "outcomes.json"}
    plan(project, gate("tests", "", command=command, **told))
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    assert main([]) == 0
    assert re.search(r"running: tests \d+ s \(3 of 8 tests\)", terminal.getvalue())


def test_progress_is_shown_on_a_terminal(project, monkeypatch):
    plan(project, gate("slow", "import time; time.sleep(0.5); print('1 done')"))
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    main([])
    assert "running: slow 0 s" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_a_terminal_without_unicode_gets_ascii(project):
    plan(project, GOOD)
    raw = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    display = Display(read_plan(project / "tools/gates.toml").gates, raw, raw)
    display.summary([], 1.0)
    raw.seek(0)
    assert "passed" in raw.read()


COVERAGE = """
[coverage]
gate = "tests"
data = "coverage.json"
threshold = 60
folders = ["services/*", "shared"]
"""


def coverage_gate(name: str = "tests", **covered: int) -> str:
    summary = {"num_statements": 100, "num_branches": 20, "covered_branches": 20}
    files = {
        f"{name.replace('__', '/')}/src/a.py": {"summary": {**summary, "covered_lines": lines}}
        for name, lines in covered.items()
    }
    total = sum(covered.values()) / len(covered)
    data = {"totals": {"percent_covered": total}, "files": files}
    code = (
        f"import json, sys; json.dump({data!r}, open(sys.argv[1] + '/coverage.json', 'w'));"
        "open(sys.argv[1] + '/coverage.xml', 'w').write('<x/>'); print('7 done')"
    )
    return gate(
        name,
        "",
        command=["python", "-c", code, "{work}"],
        figure="{n} passed, coverage {coverage} % (>= {threshold} %)",
        reports=["coverage.xml", "coverage"],
    )


@pytest.fixture
def packages(project: Path) -> Path:
    for name in ("services/a", "services/b", "shared"):
        (project / name).mkdir(parents=True)
        (project / name / "pyproject.toml").touch()
    (project / "services" / "not-a-package").mkdir()
    return project


def test_coverage_in_total_and_by_service(packages, capsys):
    plan(packages, COVERAGE, coverage_gate(services__a=93, services__b=70, shared=100))
    assert main([]) == 0
    assert "7 passed, coverage 87.6 % (>= 60 %)" in capsys.readouterr().out
    assert report(packages)["coverage"] == {
        "total": 87.6,
        "threshold": 60,
        "by_service": {"services/a": 94.1, "services/b": 75.0, "shared": 100.0},
    }
    (target,) = report(packages)["targets"]
    assert (target["wanted"], target["measured"]) == ("at least 60 %", "87.6 %")
    assert target["state"] == "covered"
    assert (packages / "artifacts/reports/coverage.xml").exists()
    assert "| services/a | 94.1 |" in checklist_of(packages)


def test_coverage_just_below_the_threshold_is_a_failure(packages):
    plan(packages, COVERAGE, coverage_gate(services__a=59, services__b=60, shared=60))
    assert main([]) == 4
    item = by_name(packages)["tests"]
    assert item["reason"] == "coverage 59.6 % is below 60 %"
    assert report(packages)["targets"][0]["state"] == "failed"
    assert item["figure"] == "7 passed, coverage 59.6 % (>= 60 %)"


def test_a_service_that_was_not_measured_is_missing_evidence(packages):
    plan(packages, COVERAGE, coverage_gate(services__a=99, shared=99))
    assert main([]) == 4
    reason = "coverage says nothing about services/b: no file was measured"
    assert by_name(packages)["tests"]["reason"] == reason


def test_a_gate_that_writes_no_coverage_removes_the_old_report(packages):
    plan(packages, COVERAGE, coverage_gate(services__a=99, services__b=99, shared=99))
    main([])
    plan(packages, COVERAGE, gate("tests", "print('7 done')", reports=["coverage.xml"]))
    assert main([]) == 4
    assert by_name(packages)["tests"]["reason"] == "no coverage report was written (coverage.json)"
    assert report(packages)["coverage"] is None
    (target,) = report(packages)["targets"]
    assert target["state"] == "not measured"
    assert target["reason"] == "tests: no coverage report was written (coverage.json)"
    assert not (packages / "artifacts/reports/coverage.xml").exists()


def test_a_report_folder_is_replaced_as_a_whole(project):
    code = (
        "import os, sys; os.mkdir(sys.argv[1]);"
        "open(sys.argv[1] + '/' + sys.argv[2], 'w'); print('1 done')"
    )
    for name in ("old", "new"):
        command = ["python", "-c", code, "{work}/html", name]
        plan(project, gate("tests", "", command=command, reports=["html"]))
        assert main([]) == 0
    assert names(project / "artifacts/reports/html") == ["new"]


def test_the_commit_and_uncommitted_changes_are_recorded(project):
    plan(project, GOOD)
    commit(project)
    main([])
    code = report(project)["code"]
    assert (len(code["commit"]), code["dirty"]) == (40, False)
    (project / "artifacts" / "deliverables.md").touch()
    main([])
    assert report(project)["code"]["dirty"] is False
    (project / "new").touch()
    main([])
    assert report(project)["code"]["dirty"] is True
    assert "with uncommitted changes" in checklist_of(project)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_the_reports_alone(project, start, number):
    plan(project, GOOD)
    assert main([]) == 0
    before = (project / "artifacts/reports/gates.json").read_text()
    code = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(60)"
    plan(project, GOOD, gate("slow", code, lane="two"))
    process = start("tools.check")
    wait_for(lambda: (project / "pid").exists() and (project / "pid").read_text())
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.strip() == "stopped; the reports of the run before are unchanged"
    assert (project / "artifacts/reports/gates.json").read_text() == before
    assert names(project / "artifacts") == ["reports"]
    assert not alive(int((project / "pid").read_text()))


# A server of its own session, as PostgreSQL is, whose parent may be dead.
SERVER = "import os, time; open('server', 'w').write(str(os.getpid())); time.sleep(60)"
STARTS_A_SERVER = (
    "import subprocess, sys, time;"
    f"subprocess.Popen([sys.executable, '-c', {SERVER!r}], start_new_session=True);"
    "time.sleep(60)"
)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives orphans to who asks for them")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_stopped_run_leaves_no_server_behind(project, start, number):
    plan(project, gate("slow", STARTS_A_SERVER))
    process = start("tools.check")
    wait_for(lambda: (project / "server").exists() and (project / "server").read_text())
    server = int((project / "server").read_text())
    assert alive(server)

    process.send_signal(number)

    process.wait(60)
    wait_for(lambda: not alive(server))
    if number == signal.SIGKILL:
        plan(project, GOOD)
        assert main([]) == 0
    assert [name for name in names(project / "artifacts") if name != "reports"] == []


def test_a_gate_that_ends_leaves_no_server_behind(project):
    code = (
        "import subprocess, sys, time, pathlib;"
        f"subprocess.Popen([sys.executable, '-c', {SERVER!r}], start_new_session=True)\n"
        "while not (pathlib.Path('server').exists() and pathlib.Path('server').read_text()):"
        " time.sleep(0.02)\n"
        "print('1 done')"
    )
    plan(project, gate("leaves", code))
    assert main([]) == 0
    assert not alive(int((project / "server").read_text()))


def test_time_counts_less_on_a_crowded_machine(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.setattr("os.getloadavg", lambda: (8.0, 0.0, 0.0))
    assert crowding() == 4
    monkeypatch.setattr("os.getloadavg", lambda: (0.5, 0.0, 0.0))
    assert crowding() == 1
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    assert crowding() == 2


def wait_for(condition, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("project =", "not valid TOML", id="syntax"),
        pytest.param(HEAD, "at least one table [gates.NAME]", id="no-gate"),
        pytest.param(HEAD + "x = 1\n" + GOOD, "unknown key x; known keys", id="unknown-key"),
        pytest.param(HEAD + "[gates.a]\n", "gates.a: must contain command", id="no-command"),
        pytest.param(HEAD + gate("a", "", lane=1), "lane must be of type str, got: 1", id="type"),
        pytest.param(HEAD + gate("a", "", timeout_s="x"), "timeout_s must be a num", id="number"),
        pytest.param(HEAD + gate("a", "", patterns=["("]), "not a regular exp", id="pattern"),
        pytest.param(HEAD + gate("a", "", patterns=[1]), "strings only, got: 1", id="words"),
        pytest.param(HEAD + 'quick = ["b"]\n' + GOOD, "names of gates, got: b", id="quick"),
        pytest.param(HEAD + gate("a", "", needs=["b"]), "needs b, which must be a", id="need"),
        pytest.param(HEAD + COVERAGE + GOOD, "the name of a gate, got: tests", id="coverage"),
        pytest.param(
            HEAD + gate("a", "", command=["x{nope}"]), "nothing is called {nope}", id="name"
        ),
    ],
)
def test_a_wrong_plan_is_refused_with_its_place(project, capsys, text, message):
    (project / "tools/gates.toml").write_text(text)
    assert main([]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1


def test_outside_a_project_the_message_says_so(project, capsys):
    assert main([]) == 2
    assert "run this from the project's root" in capsys.readouterr().err


def writing(figures: str, *, exit_code: int = 0, **more: object) -> str:
    """A gate that writes these figures."""
    # As hexadecimal digits nothing in it can be taken for a placeholder of gates.toml.
    code = (
        f"import sys; open(sys.argv[1], 'wb').write(bytes.fromhex('{figures.encode().hex()}'));"
        f"print('9 done'); sys.exit({exit_code})"
    )
    told = {"patterns": [], "figures": "figures.json", "figure": "{findings} in {files}"}
    return gate("lint", "", command=["python", "-c", code, "{work}/figures.json"], **told, **more)


def test_figures_are_read_from_the_file_that_a_gate_writes(project):
    plan(project, writing('{"findings": 0, "files": 3}'))
    assert main([]) == 0
    item = by_name(project)["lint"]
    assert item["figures"] == {"findings": 0, "files": 3}
    assert item["figure"] == "0 in 3"
    plan(project, writing('{"findings": 2, "files": 3}', exit_code=1))
    assert main([]) == 4
    item = by_name(project)["lint"]
    assert (item["figure"], item["reason"]) == ("2 in 3", "exit code 1")


@pytest.mark.parametrize(
    ("figures", "reason"),
    [
        pytest.param("", "no figures were written (figures.json)", id="empty"),
        pytest.param("[1]", "no figures were written (figures.json)", id="list"),
        pytest.param('{"findings": 0, "fil', "no figures were written (figures.json)", id="half"),
        pytest.param('{"findings": null}', "figures.json has no figure, but: None", id="null"),
        pytest.param('{"files": true}', "figures.json has no figure, but: True", id="truth"),
        pytest.param('{"findings": 0, "files": 0}', "no evidence: 0 files", id="nothing"),
        pytest.param('{"findings": 0}', "could not be filled in", id="another"),
    ],
)
def test_figures_that_prove_nothing_are_a_failure(project, figures, reason):
    plan(project, writing(figures))
    assert main([]) == 4
    item = by_name(project)["lint"]
    assert (item["state"], item["exit_code"]) == ("failed", 0)
    assert reason in item["reason"]


def test_figures_that_were_not_written_are_missing_evidence(project):
    plan(project, gate("lint", "print('3 done')", figures="figures.json"))
    assert main([]) == 4
    assert by_name(project)["lint"]["reason"] == "no figures were written (figures.json)"


# The tools of a project have gates of their own there.
REAL = """
[project]
name = "demo"
version = "1"
requires-python = ">=3.12"

[tool.ruff]
extend-exclude = ["tools"]

[tool.mypy]
exclude = "^tools/"

[tool.bandit]
exclude_dirs = ["/tools/"]
"""
FINDINGS = """import pickle
x=y
pickle.loads(x)
"""


@pytest.fixture
def real(project, rendered):
    """A project that has nothing but the gates of a rendered one."""
    shutil.copytree(rendered("task_manager@2") / "tools", project / "tools", dirs_exist_ok=True)
    (project / "pyproject.toml").write_text(REAL)
    return project


def judged(project: Path, *names: str) -> dict[str, tuple[str, str]]:
    """The figure and reason of gates that ran."""
    main([word for name in names for word in ("--only", name)])
    items = by_name(project)
    return {name: (items[name]["figure"], items[name]["reason"]) for name in names}


@pytest.mark.skipif(not shutil.which("ruff"), reason="ruff is not installed")
def test_the_templates_plan_finds_the_figures_of_real_tools(real, capsys):
    (real / "a.py").write_text("x = 1\n")
    assert judged(real, "lint", "format", "types", "security") == {
        "lint": ("0 findings in 1 files", None),
        "format": ("1 files formatted", None),
        "types": ("0 findings in 1 files", None),
        "security": ("0 findings in 1 lines", None),
    }
    (real / "a.py").write_text(FINDINGS)
    capsys.readouterr()
    assert judged(real, "lint", "format", "types", "security") == {
        "lint": ("2 findings in 1 files", "exit code 1"),
        "format": ("1 files to format", "exit code 1"),
        "types": ("1 findings in 1 files", "exit code 1"),
        "security": ("1 findings in 3 lines", "exit code 1"),
    }
    out = capsys.readouterr().out
    assert "    a.py:2:3: F821 Undefined name `y`\n" in out
    assert "    a.py:2:1: unformatted File would be reformatted\n" in out
    assert '    a.py:2: error: Name "y" is not defined  [name-defined]\n' in out
    assert "    a.py:3:1: B301 Pickle and modules that wrap it can be unsafe" in out


@pytest.mark.skipif(not shutil.which("ruff"), reason="ruff is not installed")
def test_a_tool_that_finds_no_file_proves_nothing(real):
    nothing = "exit code 0, but no evidence: 0"
    assert judged(real, "lint", "format", "security") == {
        "lint": (None, f"{nothing} files"),
        "format": (None, f"{nothing} files"),
        "security": (None, f"{nothing} lines"),
    }


@pytest.mark.skipif(not shutil.which("bandit"), reason="bandit is not installed")
def test_a_file_that_the_security_scan_passes_over_is_a_failure(real, capsys):
    (real / "a.py").write_text("x = 1\n")
    (real / "b.py").write_text("def f(:\n")
    assert judged(real, "security")["security"][1] == "exit code 1"
    assert "    b.py:1: not scanned: syntax error" in capsys.readouterr().out


@pytest.mark.skipif(not shutil.which("uv"), reason="uv is not installed")
def test_the_packages_of_the_lock_file_are_counted(real):
    assert judged(real, "lock")["lock"] == (None, "exit code 1")
    subprocess.run(["uv", "lock", "--quiet"], cwd=real, check=True)
    assert judged(real, "lock")["lock"] == ("1 packages locked", None)


@pytest.mark.parametrize("name", ["lock", "lint", "format", "imports", "types", "security"])
def test_a_gate_whose_tool_is_missing_has_not_run(real, name):
    (one,) = read_plan(real / "tools/gates.toml").selected([name])
    python, *words = [word.replace("{work}", ".") for word in one.command]
    assert python == "python"

    done = subprocess.run(
        [sys.executable, *words],
        cwd=real,
        env={"PATH": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert one.cannot_run.search(done.stderr), done.stderr
