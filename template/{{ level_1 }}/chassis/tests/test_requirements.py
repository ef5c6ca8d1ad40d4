"""Tests that name requirements."""

import json
import textwrap
from pathlib import Path
from typing import Any

import pytest

pytest_plugins = ["pytester"]

KNOWN = """
[requirements.FR-001]
title = "Lend a book"

[requirements.FR-002]
title = "Take it back"

[targets.p95_latency_ms]
value = 200
"""


@pytest.fixture
def library(pytester: pytest.Pytester) -> pytest.Pytester:
    """Make a project with three ids."""
    pytester.mkdir("tools")
    (pytester.path / "tools" / "requirements.toml").write_text(KNOWN)
    return pytester


def run(project: pytest.Pytester, tests: str, *options: str) -> pytest.RunResult:
    project.makepyfile(test_lending="import pytest\n" + textwrap.dedent(tests))
    scope = "asyncio_default_fixture_loop_scope=function"
    return project.runpytest_inprocess("--strict-markers", "-o", scope, *options)


def outcomes(project: pytest.Pytester, tests: str) -> dict[str, dict[str, Any]]:
    run(project, tests, "--outcomes=reports/outcomes.json")
    written = json.loads((project.path / "reports" / "outcomes.json").read_text())
    return {test["id"].removeprefix("test_lending.py::"): test for test in written["tests"]}


def test_known_ids_are_accepted(library: pytest.Pytester) -> None:
    result = run(library, "@pytest.mark.requirement('FR-001', 'FR-002')\ndef test_a(): pass")

    assert result.parseoutcomes() == {"passed": 1}


def test_an_unknown_id_stops_the_run_in_one_line(library: pytest.Pytester) -> None:
    result = run(library, "@pytest.mark.requirement('FR-009')\ndef test_a(): pass", "-k", "other")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (line,) = filter(None, result.errlines)
    assert line.startswith("ERROR: test_lending.py::test_a: no requirement is called FR-009;")
    assert line.endswith("known ids: FR-001, FR-002, p95_latency_ms")


def test_without_the_file_no_id_is_known(pytester: pytest.Pytester) -> None:
    result = run(pytester, "@pytest.mark.requirement('FR-001')\ndef test_a(): pass")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines("*known ids: none, for tools?requirements.toml is missing or empty")


def test_a_broken_file_is_said(library: pytest.Pytester) -> None:
    (library.path / "tools" / "requirements.toml").write_text("x =")

    result = run(library, "def test_a(): pass")

    result.stderr.fnmatch_lines("ERROR: tools?requirements.toml: not valid TOML: *")


@pytest.mark.parametrize("arguments", ["", "id='FR-001'"])
def test_a_marker_without_ids_is_refused(library: pytest.Pytester, arguments: str) -> None:
    result = run(library, f"@pytest.mark.requirement({arguments})\ndef test_a(): pass")

    result.stderr.fnmatch_lines("*test_a: the marker needs ids, such as requirement?*")


@pytest.mark.parametrize(
    ("test", "outcome", "reason"),
    [
        ("def test_a(): pass", "passed", ""),
        ("def test_a(): assert False", "failed", ""),
        ("def test_a(broken): pass", "failed", ""),
        ("def test_a(): pytest.skip('no printer')", "skipped", "no printer"),
        ("@pytest.mark.skip(reason='later')\ndef test_a(): pass", "skipped", "later"),
        ("@pytest.mark.xfail(reason='bug')\ndef test_a(): assert False", "xfailed", "bug"),
        ("@pytest.mark.xfail(reason='bug')\ndef test_a(): pass", "xpassed", "bug"),
        ("def test_a(broken_afterwards): pass", "failed", ""),
    ],
)
def test_every_outcome_is_reported(
    library: pytest.Pytester, test: str, outcome: str, reason: str
) -> None:
    fixtures = """
        @pytest.fixture
        def broken():
            raise RuntimeError

        @pytest.fixture
        def broken_afterwards():
            yield
            raise RuntimeError
    """

    found = outcomes(library, textwrap.dedent(fixtures) + test)["test_a"]

    assert (found["outcome"], found["reason"]) == (outcome, reason)


def test_a_test_that_is_never_reached_did_not_run(library: pytest.Pytester) -> None:
    found = outcomes(library, "def test_a(): pytest.exit('enough')\ndef test_b(): pass")

    assert found["test_b"]["outcome"] == "not run"


def test_how_far_a_run_is_can_be_read_meanwhile(library: pytest.Pytester) -> None:
    note = "reports/outcomes.json.progress"
    tests = f"""
        from pathlib import Path

        def test_a(): pass
        def test_b(): assert Path({note!r}).read_text() == "1 of 2"
    """

    found = outcomes(library, tests)

    assert found["test_b"]["outcome"] == "passed"
    assert not (library.path / note).exists()


def test_parametrised_tests_and_classes_name_their_ids(library: pytest.Pytester) -> None:
    tests = """
        @pytest.mark.requirement("FR-002")
        class TestReturns:
            @pytest.mark.requirement("FR-001", "FR-002")
            @pytest.mark.parametrize("number", [1, 2])
            def test_books(self, number):
                assert number == 1
    """

    found = outcomes(library, tests)

    assert {name: test["outcome"] for name, test in found.items()} == {
        "TestReturns::test_books[1]": "passed",
        "TestReturns::test_books[2]": "failed",
    }
    assert found["TestReturns::test_books[1]"]["requirements"] == ["FR-001", "FR-002"]


def test_the_junit_report_names_the_requirement(library: pytest.Pytester, tmp_path: Path) -> None:
    junit = tmp_path / "junit.xml"

    run(library, "@pytest.mark.requirement('FR-001')\ndef test_a(): pass", f"--junit-xml={junit}")

    assert '<property name="requirement" value="FR-001" />' in junit.read_text()
