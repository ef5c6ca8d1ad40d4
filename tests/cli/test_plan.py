"""`ferrata plan`: what `new` would write, without writing it."""

import json

import pytest

from tests import turns
from tests.cli.support import EXAMPLE, ROOT
from tests.support import commit_working_tree, extension

LENDING = ROOT / "examples/p2p_lending/answers.yml"


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """The working tree, committed."""
    return commit_working_tree(tmp_path_factory.mktemp("real"))


@pytest.fixture(autouse=True)
def _built_in(shared_template, monkeypatch):
    monkeypatch.setattr("ferrata.template.home.CHECKOUT", shared_template)


@pytest.mark.parametrize("file", [EXAMPLE, LENDING], ids=lambda path: path.parent.name)
def test_the_files_are_those_that_new_writes(ferrata, tmp_path, file):
    plan = json.loads(ferrata("plan", file, "--json").out)
    dest = tmp_path / "demo"
    assert ferrata("new", dest, "--answers", file, "--no-gates").code == 0
    paths = (path.relative_to(dest) for path in dest.rglob("*") if path.is_file())
    written = {path.as_posix() for path in paths if path.parts[0] != ".git"}
    assert set(plan["files"]) == written
    assert plan["files"] == sorted(plan["files"])


@turns.whole_ways
@pytest.mark.parametrize("file", [EXAMPLE, LENDING], ids=lambda path: path.parent.name)
def test_the_same_for_the_real_template(ferrata, monkeypatch, real, tmp_path, file):
    monkeypatch.setattr("ferrata.template.home.CHECKOUT", real)
    test_the_files_are_those_that_new_writes(ferrata, tmp_path, file)


@pytest.mark.about("level_2", "level_3", "payments")
def test_document(ferrata):
    run = ferrata("plan", EXAMPLE, "--json")
    plan = json.loads(run.out)
    assert (run.code, run.err) == (0, "")
    assert (plan["level"], plan["modules"]) == (1, [])
    assert plan["services"] == [
        {"name": "team_data_postgres_api", "port": 8001},
        {"name": "team_tasks_api", "port": 8000},
    ]
    assert plan["environment"] == ["LEVEL", "DATABASE_PASSWORD"]
    assert "business_api" in [feature["name"] for feature in plan["features"]]
    skipped = {feature["name"]: feature["brought_by"] for feature in plan["skipped"]}
    assert skipped["metrics"] == {"level": 3}
    assert skipped["payments"] == {"module": "payments"}
    assert plan["climb"]["level"] == 2
    assert "health" in [feature["name"] for feature in plan["climb"]["features"]]
    assert plan["climb"]["unavailable"] is None


@pytest.mark.about("workers", "redis")
def test_every_service_and_event_is_in_the_plan(ferrata, monkeypatch, real, tmp_path):
    monkeypatch.setattr("ferrata.template.home.CHECKOUT", real)
    file = tmp_path / "answers.yml"
    text = EXAMPLE.read_text("utf-8")
    file.write_text(text.replace("modules: []", "modules: [workers, redis]"), "utf-8")
    plan = json.loads(ferrata("plan", file, "--json").out)
    assert {"name": "team_tasks_worker", "port": None} in plan["services"]
    assert plan["infrastructure"] == ["PostgreSQL", "RabbitMQ", "Redis"]
    assert [event["event"] for event in plan["events"]] == [
        "task.created",
        "task.updated",
        "task.deleted",
    ]
    assert plan["events"][0]["consumers"] == ["`count_new_tasks` in `team_tasks_worker`"]
    assert [item["id"] for item in plan["work"]] == [f"FR-00{number}" for number in range(1, 6)]
    lines = ferrata("plan", file, "--full").out.splitlines()
    assert "  team_tasks_worker  no port" in lines
    assert "  beside them: PostgreSQL, RabbitMQ, Redis" in lines
    assert "  task.created to count_new_tasks in team_tasks_worker" in lines


def test_warnings(ferrata):
    advice = json.loads(ferrata("plan", LENDING, "--json").out)["warnings"]
    assert [entry["path"] for entry in advice] == [
        "non_functional.availability_percent",
        "non_functional.compliance",
    ]
    lines = ferrata("plan", LENDING).out.splitlines()
    assert lines[-3] == "Warnings"
    assert lines[-2].startswith("  non_functional.availability_percent: 99.9 % is more than")
    assert json.loads(ferrata("plan", EXAMPLE, "--json").out)["warnings"] == []
    assert "Warnings" not in ferrata("plan", EXAMPLE).out


@pytest.mark.about("payments")
def test_one_screen(ferrata):
    lines = ferrata("plan", EXAMPLE).out.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) < 80
    text = " ".join(" ".join(lines).split())
    assert "Services: team_data_postgres_api (port 8001), team_tasks_api (port 8000)" in text
    assert "Environment variables (2): LEVEL, DATABASE_PASSWORD" in text
    features = extension().catalog()["features"]
    of_payments = sum(feature.get("module") == "payments" for feature in features)
    assert f" {of_payments} by module payments," in text
    assert "Level 2 would add: " in text


@pytest.mark.about("level_2", "files")
def test_text(ferrata):
    lines = ferrata("plan", EXAMPLE, "--full").out.splitlines()
    assert "  team_tasks_api  port 8000" in lines
    assert "  JSON structured logs (level 2)" in lines
    assert "  Files in production, in a bucket (module files, level 3)" in lines
    assert "  services/" in lines
    assert "    team_tasks_api/" in lines
    assert "      tasks.py" in lines
    assert "What level 2 would add" in lines


@pytest.mark.about("level_2", "level_3", "level_4", "redis")
def test_a_higher_level(ferrata):
    climb = json.loads(ferrata("plan", EXAMPLE, "--to", "4", "--json").out)["climb"]
    names = [feature["name"] for feature in climb["features"]]
    assert {"health", "metrics", "resilience", "cache"} <= set(names)
    assert "compose" not in names


@pytest.mark.about("level_2")
def test_a_level_that_is_there(ferrata, template, monkeypatch):
    monkeypatch.setattr("ferrata.template.home.CHECKOUT", template)
    climb = json.loads(ferrata("plan", EXAMPLE, "--json").out)["climb"]
    assert climb["unavailable"] is None
    assert climb["files"] == ["health.txt"]
    assert climb["environment"] == []
    assert "  1 files; variables: none" in ferrata("plan", EXAMPLE, "--full").out


@pytest.mark.parametrize("level", [1])
def test_a_level_is_never_lowered(ferrata, level):
    run = ferrata("plan", EXAMPLE, "--to", level)
    assert (run.code, run.out) == (1, "")
    assert "is not above the level of the answers" in run.err


def test_wrong_answers_are_told_as_by_validate(ferrata, answers):
    file = answers(("level: 1", "levle: 1"))
    for arguments in ([file], [file, "--json"]):
        plan, validate = ferrata("plan", *arguments), ferrata("validate", *arguments)
        assert plan == validate
        assert plan.code == 1


def test_missing_git(ferrata, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert ferrata("plan", EXAMPLE).err.startswith("ferrata: git is missing")
