import json
import re
import tomllib

import pytest
from tools.check.__main__ import main

from tests.support import EXAMPLES, ODD, answers_of
from tests.tools.plans import (
    checklist_of,
    gate,
    gate_of_tests,
    plan,
    report,
    requirements,
)

FR_1 = ("FR-001", "passed")


def states(project) -> dict[str, str]:
    return {row["id"]: row["state"] for row in report(project)["requirements"]}


@pytest.mark.parametrize("name", [*EXAMPLES, *ODD])
def test_the_answers_come_out_exactly(name, rendered):
    answers = answers_of(name)
    written = tomllib.loads((rendered(name) / "tools/requirements.toml").read_text("utf-8"))
    wanted = {"functional": answers["functional_requirements"]}
    wanted["non_functional"] = answers["non_functional"].get("constraints", [])

    for kind, listed in wanted.items():
        for requirement in listed:
            kept = {"id", "title", "priority", "acceptance", "descoped"}
            own = {key: value for key, value in requirement.items() if key in kept}
            found = written["requirements"][requirement["id"]]
            assert {"id": requirement["id"], **found} == {"kind": kind, **own}
    assert len(written["requirements"]) == sum(map(len, wanted.values()))
    for target, values in written["targets"].items():
        assert values["value"] == answers["non_functional"][target]


@pytest.mark.parametrize(
    ("tests", "state"),
    [
        pytest.param([], "uncovered", id="no-test"),
        pytest.param([("a", "FR-002", "passed")], "uncovered", id="only-others"),
        pytest.param([("a", *FR_1)], "covered", id="passed"),
        pytest.param([("a", *FR_1), ("b", *FR_1)], "covered", id="all-passed"),
        pytest.param([("a", *FR_1), ("b", "FR-001", "skipped")], "uncovered", id="one-skipped"),
        pytest.param([("a", "FR-001", "xfailed")], "uncovered", id="expected-to-fail"),
        pytest.param([("a", *FR_1), ("b", "FR-001", "not run")], "uncovered", id="stopped"),
        pytest.param(
            [("a", "FR-001", "skipped"), ("b", "FR-001", "failed")], "failed", id="failed"
        ),
    ],
)
def test_the_state_of_a_requirement(project, tests, state):
    requirements(project, FR_001={}, FR_002={})
    plan(project, gate_of_tests(*tests))
    assert main([]) == 0
    assert states(project)["FR-001"] == state


def test_each_row_has_its_tests_and_what_the_answers_say(project):
    descoped = {"reason": "no <time> | left", "approved_by": "Mr. O'Keefe"}
    requirements(
        project, FR_001={"acceptance": "Line 1\n2"}, NF_001={"kind": "nf", "descoped": descoped}
    )
    plan(project, gate_of_tests(("t.py::a[x|y]", *FR_1), ("t.py::b", "", "skipped")))
    assert main([]) == 0
    first, second = report(project)["requirements"]
    assert first["tests"] == [{"id": "t.py::a[x|y]", "outcome": "passed"}]
    assert (first["acceptance"], first["descoped"]) == ("Line 1\n2", None)
    assert (second["state"], second["descoped"]) == ("descoped", descoped)
    assert report(project)["unproved_tests"] == [
        {"id": "t.py::b", "outcome": "skipped", "reason": "why"}
    ]
    text = checklist_of(project)
    assert "| FR-001 | Lend a book | must | covered | `t.py::a[x\\|y]` passed |" in text
    assert "| descoped | no \\<time> \\| left (approved by Mr. O'Keefe) |" in text
    assert "- `t.py::b`: skipped: why" in text


def test_the_counts_and_the_open_ids_are_said(project, capsys):
    requirements(project, FR_001={}, FR_002={}, FR_003={}, NF_001={})
    plan(project, gate_of_tests(("a", *FR_1), ("b", "FR-002", "failed")))
    assert main([]) == 0
    said = "Requirements: 1 covered, 1 failed (FR-002), 2 uncovered (FR-003, NF-001).\n"
    assert said in capsys.readouterr().out


def test_a_run_without_the_tests_knows_nothing_of_requirements(project, capsys):
    requirements(project, FR_001={})
    plan(project, gate_of_tests(), gate("lint", "print('1 done')"))
    assert main(["--only", "lint"]) == 0
    content = report(project)
    assert (content["requirements"], content["unproved_tests"]) == (None, None)
    reason = "no gate left a report of its tests (tests: not selected)"
    assert content["requirements_reason"] == reason
    assert f"NOT KNOWN, {reason}." in checklist_of(project)
    assert "Requirements" not in capsys.readouterr().out


def test_tests_without_a_report_prove_nothing(project):
    requirements(project, FR_001={})
    plan(project, gate("tests", "print('7 done')", outcomes="outcomes.json"))
    assert main([]) == 4
    item = report(project)["gates"][0]
    assert (item["state"], item["reason"]) == (
        "failed",
        "no report of the tests was written (outcomes.json)",
    )
    assert report(project)["requirements"] is None


TARGET = """
[targets.p95_latency_ms]
title = "Response time"
bound = "at most"
value = 200
unit = "ms"
not_measured = "there is no load test"
"""


@pytest.mark.parametrize(
    ("outcome", "state", "reason"),
    [("passed", "covered", None), ("skipped", "not measured", "there is no load test")],
)
def test_a_target_is_measured_by_the_tests_that_name_it(project, outcome, state, reason):
    requirements(project, targets=TARGET)
    plan(project, gate_of_tests(("a", "p95_latency_ms", outcome)))
    assert main([]) == 0
    (target,) = report(project)["targets"]
    assert (target["wanted"], target["measured"]) == ("at most 200 ms", None)
    assert (target["state"], target["reason"]) == (state, reason)
    assert target["tests"] == [{"id": "a", "outcome": outcome}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("[requirement.FR-001]", "unknown key requirement;", id="table"),
        pytest.param("[requirements.FR-001]\ntitle = 1", "FR-001: must contain kind", id="kind"),
        pytest.param("[targets.x]\nvalue = true", "must contain bound", id="target"),
        pytest.param("x", "not valid TOML", id="syntax"),
        pytest.param(None, "requirements.toml is missing", id="missing"),
    ],
)
def test_a_wrong_file_is_refused(project, capsys, text, message):
    if text is not None:
        (project / "tools/requirements.toml").write_text(text)
    plan(project, gate_of_tests())
    assert main([]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("bad", ["x", "{}", '{"tests": [{"id": 1}]}', "[]"])
def test_a_report_that_cannot_be_read_is_missing_evidence(project, bad):
    code = f"import sys; open(sys.argv[1], 'w').write({bad!r}); print('1 done')"
    requirements(project)
    command = ["python", "-c", code, "{work}/outcomes.json"]
    plan(project, gate("tests", "", command=command, outcomes="outcomes.json"))
    assert main([]) == 4


def test_the_templates_gates_ask_the_plugin_for_its_report(level_1):
    gates = (level_1 / "tools/gates.toml.jinja").read_text()
    plugin = (level_1 / "chassis/src/chassis/testing/plugin.py").read_text()
    option = re.search(r'"(--outcomes)=\{work\}/(.*?)"', gates)

    assert json.dumps(option[1]) in plugin
    assert f'outcomes = "{option[2]}"' in gates
