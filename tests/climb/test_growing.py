"""Growing in breadth: what is added is what a new project would have, and nothing of yours is lost."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import turns
from tests.cli.support import Run
from tests.climb.growth import API, DATA, FIELDS, NOTE, ROUTERS, VERSIONS
from tests.climb.support import LISTS, answers, apply_edit, edits, listed, state
from tests.support import commit_all, files_of, git, render

pytestmark = pytest.mark.usefixtures("quick")
Add = Callable[..., Run]

MODELS = f"{DATA}/src/team_data_postgres_api/models"
# What stands in the way of an entity itself: its tests would need files that were taken out.
IN_THE_WAY = {"deleted_seed"}
TOGETHER = [edit for edit in edits() if not (edit.code or edit.alone or edit.name in IN_THE_WAY)]


@pytest.fixture
def note(tmp_path: Path) -> Path:
    return written(tmp_path / "note.yml", NOTE)


def written(file: Path, entity: dict[str, Any]) -> Path:
    file.write_text(yaml.safe_dump(entity), "utf-8")
    return file


@pytest.fixture
def add(ferrata_in: Callable[..., Run], project: Path) -> Add:
    """Run `ferrata add` for the project."""
    return lambda *given: ferrata_in("add", *given, "--project", project)


@pytest.fixture(scope="session")
def fresh_with_note(template: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a new project with the entity has."""
    given = answers()
    given["entities"] = [*given["entities"], NOTE]
    return files_of(render(template, given, tmp_path_factory.mktemp("with-note") / "demo"))


def migrations(files: dict[str, bytes]) -> dict[str, bytes]:
    return {path: text for path, text in files.items() if path.startswith(VERSIONS)}


@turns.climbs
def test_an_entity_is_what_a_new_project_with_it_has(
    project: Path, note: Path, add: Add, fresh_with_note: dict[str, bytes]
) -> None:
    before = files_of(project)

    run = add("entity", note, "--json")

    assert run.code == 0, run.err
    told = json.loads(run.out)
    assert (told["steps"], told["message"]) == (["entity note"], "Add entity note")
    after = files_of(project)
    new = {path: text for path, text in migrations(after).items() if path not in before}
    assert [path.rpartition("/")[2] for path in new] == ["0002_add_notes.py"]
    [text] = new.values()
    assert b'down_revision = "0001"' in text
    assert b'op.create_table(\n        "notes"' in text
    assert b'"tasks"' not in text
    assert migrations(before).items() <= migrations(after).items()
    rest = after.keys() - migrations(after).keys() - {".env", "uv.lock"}
    assert rest == fresh_with_note.keys() - migrations(fresh_with_note).keys()
    assert [path for path in sorted(rest) if after[path] != fresh_with_note[path]] == []

    commit_all(project, "note")
    there = state(project)
    for again in (note, "note"):
        run = add("entity", again)
        assert (run.code, state(project)) == (0, there), run.err
        assert "nothing to do" in run.out


def test_edits_of_owners_are_kept(project: Path, level_1: Path, note: Path, add: Add) -> None:
    """Every edit that a climb keeps is kept, among them an entity of their own in the same lists."""
    for edit in TOGETHER:
        apply_edit(edit, project, {})
    second = project / VERSIONS / "0002_estimate.py"
    second.write_text(second.read_text().replace('"0001"', '"0001_labels"'))
    commit_all(project, "one migration after the other")
    before = files_of(project)

    run = add("entity", note)

    assert run.code == 0, run.err
    after = files_of(project)
    assert b"import labels, notes, tasks\n" in after[ROUTERS]
    assert b"    labels.router,\n    tasks.router,\n    notes.router,\n" in after[ROUTERS]
    assert b"Revises: 0002" in after[f"{VERSIONS}/0004_add_notes.py"]
    lost = [path for path in before if path not in after]
    assert lost == []
    original = files_of(level_1)
    for path in before.keys() - listed(project, LISTS[1]) - {".env"}:
        theirs = set(before[path].splitlines()) - set(original.get(path, b"").splitlines())
        gone = theirs - set(after[path].splitlines())
        # Of what several import in one line, there is one line for all.
        assert not gone or path == ROUTERS, (path, gone)


@pytest.mark.long
def test_fields_are_what_a_new_project_with_them_has(
    project: Path, add: Add, template: Path, tmp_path: Path
) -> None:
    before = files_of(project)

    run = add("field", "task", *FIELDS)

    assert run.code == 0, run.err
    after = files_of(project)
    given = answers()
    given["entities"][0]["fields"] += [
        {"name": "stage", "type": "enum", "values": ["idea", "plan"], "default": "idea"},
        {"name": "parent_id", "type": "reference", "references": "task"},
        {"name": "code", "type": "string", "unique": True},
    ]
    fresh = files_of(render(template, given, tmp_path / "fresh"))
    rest = after.keys() - migrations(after).keys() - {".env", "uv.lock"}
    assert [path for path in sorted(rest) if after[path] != fresh.get(path)] == []
    first, second = (
        text.decode() for path, text in migrations(after).items() if path not in before
    )
    assert 'sa.Column("stage", sa.String(4), server_default="idea", nullable=False)' in first
    assert "postgresql_not_valid=True" in first
    assert "create_index" not in first
    assert "VALIDATE CONSTRAINT" in second
    assert "postgresql_concurrently=True" in second


def test_lines_that_are_left_to_their_owner(project: Path, note: Path, add: Add) -> None:
    """Where the shape is another, it says which lines; all else can be done."""
    (project / ROUTERS).write_text("ROUTERS = [*range(0)]\n")
    (project / MODELS / "__init__.py").unlink()
    commit_all(project, "their own shape")
    before = state(project)

    refused = add("entity", note)

    assert (refused.code, state(project)) == (1, before)
    assert "    +     notes.router," in refused.err
    assert "    + from team_data_postgres_api.models.note import Note" in refused.err
    assert refused.err.startswith("ferrata: entity note cannot be added cleanly: 2 files; nothing")

    kept = add("entity", note, "--keep-conflicts")

    assert kept.code == 1
    assert (project / MODELS / "note.py").is_file()
    assert "<<<<<<< before updating" in (project / ROUTERS).read_text()
    assert not (project / MODELS / "__init__.py").exists()
    git(project, "reset", "--hard", "--quiet")
    assert git(project, "status", "--porcelain") == ""


OWN = """\
from sqlalchemy.orm import Mapped

from chassis.database import Base, Record


class Refund(Record, Base):
    __tablename__ = "money_back"
"""


def test_references_to_models_of_their_own(project: Path, add: Add, tmp_path: Path) -> None:
    """By whatever name: written by hand, or renamed."""
    task = project / MODELS / "task.py"
    task.write_text(task.read_text().replace('"tasks"', '"jobs"', 1))
    (project / MODELS / "refund.py").write_text(OWN)
    commit_all(project, "models of their own")
    claim = {
        "name": "claim",
        "fields": [
            {"name": "refund_id", "type": "reference", "references": "refund", "required": True},
            {"name": "task_id", "type": "reference", "references": "task"},
            {"name": "claim_id", "type": "reference", "references": "claim"},
        ],
    }

    run = add("entity", written(tmp_path / "claim.yml", claim))

    assert run.code == 0, run.err
    model = (project / MODELS / "claim.py").read_text()
    for table in ("money_back", "jobs", "claims"):
        assert f'ForeignKey("{table}.id")' in model


def test_a_file_of_theirs_where_a_new_one_belongs(project: Path, note: Path, add: Add) -> None:
    theirs = project / "shared/src/shared/note.py"
    theirs.write_text('"""What people write down."""\n\nLONGEST = 2000\n')
    commit_all(project, "a file of their own")
    before = state(project)

    run = add("entity", note)

    assert (run.code, state(project)) == (1, before)
    assert "shared/src/shared/note.py: you made a file where the template" in run.err


def test_a_column_that_they_wrote_by_hand_is_theirs(project: Path, add: Add) -> None:
    """The answers do not know it; a second one of its name would stop every migration."""
    [edit] = [edit for edit in edits() if edit.name == "field_with_migration"]
    apply_edit(edit, project, {})
    before = state(project)

    run = add("field", "task", "estimate:integer")

    assert (run.code, state(project)) == (1, before)
    assert f"task has a column 'estimate' already, in {MODELS}/task.py" in run.err


def test_a_table_that_they_have_is_theirs(project: Path, add: Add, tmp_path: Path) -> None:
    (project / MODELS / "refund.py").write_text(OWN)
    commit_all(project, "a model of their own")
    before = state(project)

    run = add("entity", written(tmp_path / "given.yml", {**NOTE, "plural": "money_back"}))

    assert (run.code, state(project)) == (1, before)
    assert "the table money_back is there already, of Refund in" in run.err


@pytest.mark.in_turns(5)
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        pytest.param(["entity", "NOTE.yml"], 1, "does not exist", id="no-file"),
        pytest.param(["entity", "note"], 2, "need a terminal; give a file with", id="no-terminal"),
        pytest.param(["entity", {"name": "note"}], 1, "must be one entity", id="no-fields"),
        pytest.param(
            ["entity", {**NOTE, "name": "task"}], 1, "is an entity already", id="another-shape"
        ),
        pytest.param(["entity", {**NOTE, "name": "class"}], 1, "class", id="reserved"),
        pytest.param(
            ["entity", {"name": "bid", "fields": [{**NOTE["fields"][0], "references": "loan"}]}],
            1,
            "task_id: refers to 'loan', of which there is no model in the project; its models: task",
            id="unknown-reference",
        ),
        pytest.param(["field", "loan", "note:text"], 1, "is no entity", id="no-such-entity"),
        pytest.param(["field", "task", "note"], 2, "a field must be NAME:TYPE", id="no-type"),
        pytest.param(["field", "task", "note:words"], 1, "words", id="unknown-type"),
        pytest.param(
            ["field", "task", "title:text"], 1, "has a field 'title'", id="field-is-there"
        ),
        pytest.param(["field", "task", "note:text,required"], 1, "in two steps", id="required"),
        pytest.param(
            ["field", "task", "code:string,unique,default=x"], 1, "the same default", id="unique"
        ),
        pytest.param(["module", "radio"], 1, "radio", id="unknown-module"),
    ],
)
def test_refused(
    arguments: list[Any], code: int, said: str, project: Path, add: Add, tmp_path: Path
) -> None:
    before = state(project)
    given = [
        written(tmp_path / "given.yml", each) if isinstance(each, dict) else each
        for each in arguments
    ]

    run = add(*given)

    assert (run.code, state(project)) == (code, before), run.err
    assert (run.out, run.err.count("\n")) == ("", 1)
    assert said in run.err


def test_several_newest_migrations_are_refused(project: Path, note: Path, add: Add) -> None:
    first = project / VERSIONS / "0001_initial.py"
    for name in ("one", "two"):
        text = first.read_text().replace("down_revision = None", 'down_revision = "0001"')
        text = text.replace('revision = "0001"', f'revision = "{name}"', 1)
        (project / VERSIONS / f"0002_{name}.py").write_text(text)
    commit_all(project, "two at once")
    before = state(project)

    run = add("entity", note)

    assert (run.code, state(project)) == (1, before)
    assert "0002_one.py and 0002_two.py" in run.err
    assert "make one follow the other" in run.err


def test_a_service_that_was_taken_out_stays_out(project: Path, note: Path, add: Add) -> None:
    git(project, "rm", "-r", "--quiet", API)
    commit_all(project, "another team has it now")

    run = add("entity", note)

    assert run.code == 0, run.err
    assert not (project / API).exists()
    assert (project / MODELS / "note.py").is_file()
    assert f"{API}: you took this service out" in run.err
