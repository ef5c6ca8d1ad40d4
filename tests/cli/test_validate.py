"""`ferrata validate`: everything at once, one line each, and fast."""

import json
import subprocess
import sys

import pytest

from tests.cli.support import EXAMPLE, ROOT

HEAVY = ("copier", "plumbum", "prompt_toolkit", "questionary", "rich")


@pytest.mark.parametrize(
    "example", sorted((ROOT / "examples").glob("*/answers.yml")), ids=lambda p: p.parent.name
)
def test_examples_are_complete(ferrata, example):
    run = ferrata("validate", example)
    assert (run.code, run.err) == (0, "")
    assert run.out.startswith("COMPLETE\n")


def test_summary(ferrata):
    out = ferrata("validate", EXAMPLE).out
    assert "1 PoC" in out
    assert "team_tasks_api, team_data_postgres_api" in out
    assert out.endswith("entities  task\n")


FAULTS = [
    pytest.param(
        [("level: 1", "levle: 1")],
        [
            "levle: is not a known key; did you mean 'level'?",
            "level: is missing. Which maturity level",
        ],
        id="misspelt key",
    ),
    pytest.param([("level: 1", "level: one")], ["level: must be a"], id="wrong level"),
    pytest.param([("level: 1", "level: true")], ["level: must be a"], id="boolean level"),
    pytest.param([("modules: []", "modules: redis")], ["modules: must be a list"], id="wrong type"),
    pytest.param([("modules: []", "modules: null")], ["modules: must be a list"], id="null"),
    pytest.param(
        [("modules: []\n", "")],
        ["modules: is missing. Which optional modules"],
        id="modules not answered",
    ),
    pytest.param(
        [("context: team", "context: ../../etc")],
        ["context: must be snake_case"],
        id="path traversal",
    ),
    pytest.param(
        [("domain: tasks", "domain: /tmp")], ["domain: must be snake_case"], id="absolute path"
    ),
    pytest.param(
        [("name: title", "name: class")],
        ["entities[0].fields[0].name: 'class' is a Python keyword"],
        id="keyword",
    ),
    pytest.param(
        [("name: title", "name: id")],
        ["entities[0].fields[0].name: 'id' is a field that every entity has"],
        id="reserved field",
    ),
    pytest.param(
        [("name: title", "name: 'a b'")],
        ["entities[0].fields[0].name: must be snake_case"],
        id="no identifier",
    ),
    pytest.param(
        [("author_email: team@example.com", 'author_email: "a\\nb@example.com"')],
        ["author_email: must be an e-mail address"],
        id="newline in an address",
    ),
    pytest.param(
        [("project_name: Task Manager", 'project_name: "a\\tb\\nc"')],
        ["project_name: must be one line of text"],
        id="newline in a name",
    ),
    pytest.param(
        [("type: text", "type: txt")],
        ["entities[0].fields[1].type: must be one of"],
        id="unknown type",
    ),
]


@pytest.mark.parametrize(("replacements", "said"), FAULTS)
def test_faults(ferrata, answers, replacements, said):
    file = answers(*replacements)
    run = ferrata("validate", file)
    assert run.code == 1
    assert run.err == ""
    first, *lines = run.out.splitlines()
    assert first.startswith(f"INCOMPLETE {file}: ")
    for words in said:
        assert [line for line in lines if line.startswith(words)], run.out


@pytest.mark.parametrize(("replacements", "said"), FAULTS)
def test_faults_as_json(ferrata, answers, replacements, said):
    run = ferrata("validate", answers(*replacements), "--json")
    document = json.loads(run.out)
    assert (run.code, run.err, document["complete"]) == (1, "", False)
    lines = [f"{p['path']}: {p['message']} {p['question']}" for p in document["problems"]]
    for words in said:
        assert [line for line in lines if line.startswith(words)]


def test_complete_as_json(ferrata):
    run = ferrata("validate", EXAMPLE, "--json")
    assert json.loads(run.out) == {"complete": True, "open": [], "problems": [], "warnings": []}


STRIPE = ("integrations: []", "integrations: [{name: Stripe, purpose: Take money}]")
WARNING = (
    "integrations[0]: speaks of 'stripe' without the module 'payments' (Payments); "
    "choose the module, or say how else it is done"
)


def test_each_problem_has_its_line(ferrata, answers):
    file = answers(("level: 1", "levle: 1"), ("type: date", "type: dat"))
    lines = file.read_text("utf-8").splitlines()
    out = ferrata("validate", file).out.splitlines()
    [key] = [line for line in out if line.startswith("levle: ")]
    assert key.endswith(f"did you mean 'level'? (line {lines.index('levle: 1') + 1})")
    [kind] = [line for line in out if line.startswith("entities[0].fields[4].type: ")]
    place = next(n for n, line in enumerate(lines, 1) if "type: dat" in line)
    assert kind.endswith(f"did you mean 'date'? (line {place})")
    [gone] = [line for line in out if line.startswith("level: ")]
    assert "(line" not in gone
    document = json.loads(ferrata("validate", file, "--json").out)
    places = {problem["path"]: problem["line"] for problem in document["problems"]}
    assert places["entities[0].fields[4].type"] == place
    assert places["level"] is None


def test_open_answers_are_named_with_their_question(ferrata, answers):
    file = answers(("level: 1", "level: 1\nopen_answers: [scope_in, non_functional]"))
    run = ferrata("validate", file)
    assert run.code == 0
    assert run.out.startswith("COMPLETE, with 2 open\n")
    assert "open: scope_in: What is in scope for this version?" in run.out.splitlines()
    document = json.loads(ferrata("validate", file, "--json").out)
    assert document["complete"]
    assert [entry["path"] for entry in document["open"]] == ["scope_in", "non_functional"]


@pytest.mark.about("payments")
def test_warnings_do_not_make_answers_incomplete(ferrata, answers):
    run = ferrata("validate", answers(STRIPE))
    assert (run.code, run.err) == (0, "")
    assert run.out.startswith("COMPLETE\n")
    assert run.out.splitlines()[-1] == f"warning: {WARNING}"


@pytest.mark.about("payments")
def test_warnings_as_json(ferrata, answers):
    run = ferrata("validate", answers(STRIPE), "--json")
    assert run.code == 0
    path, message = WARNING.split(": ", 1)
    assert json.loads(run.out)["warnings"] == [{"path": path, "message": message}]


def test_a_warning_is_one_line_without_terminal_codes(ferrata, answers):
    loud = ("compliance: []", 'compliance: ["a\\nb\\tc"]')
    out = ferrata("validate", answers(loud)).out
    assert (
        "warning: non_functional.compliance: a b c: level 4 (Production) has access control"
        in out.splitlines()[-1]
    )


def test_unreadable_as_json(ferrata, tmp_path):
    run = ferrata("validate", tmp_path / "none.yml", "--json")
    assert run.code == 1
    assert "does not exist" in json.loads(run.out)["error"]


def test_a_problem_is_one_line_without_terminal_codes(ferrata, answers):
    run = ferrata("validate", answers(("level: 1", 'level: 1\n"a\\nb\\e[31m": 1')))
    assert len(run.out.splitlines()) == 2
    assert "\x1b" not in run.out


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--help"], id="help"),
        pytest.param(["validate", str(EXAMPLE)], id="validate"),
        pytest.param(["plan", str(EXAMPLE)], id="plan"),
        pytest.param(["check", "nowhere"], id="check"),
    ],
)
def test_quick_commands_import_nothing_heavy(arguments, shared_template):
    code = f"""
import pathlib, sys
import ferrata.cli, ferrata.template.home
ferrata.template.home.CHECKOUT = pathlib.Path({str(shared_template)!r})
sys.argv[1:] = {arguments!r}
ferrata.cli.main()
print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "[]"
