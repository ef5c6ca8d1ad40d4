"""A gate that looks at migrations is about those that follow: a climb to it lists the others."""

from pathlib import Path

import pytest

from tests import turns
from tests.climb.conftest import Climb
from tests.climb.support import apply_edit, edits, to, update

MIGRATIONS = "services/team_data_postgres_api/migrations"
LIST = f"{MIGRATIONS}/before_level_3.txt"


@pytest.fixture
def grown(project: Path) -> Path:
    """A project at level 1 whose owners wrote a migration."""
    (edit,) = (edit for edit in edits() if edit.name == "field_with_migration")
    apply_edit(edit, project, {})
    return project


def listed(project: Path) -> list[str]:
    lines = (project / LIST).read_text().splitlines()
    return [line for line in lines if not line.startswith("#")]


@turns.climbs
def test_a_climb_lists_what_its_owners_wrote_before(grown: Path, climb: Climb) -> None:
    run = climb(grown, "--to", 3)

    assert run.code == 0, run.err
    assert listed(grown) == ["0002_estimate.py"]


@turns.plain_updates
def test_so_does_copier_alone(grown: Path) -> None:
    run = update(grown, *to(3))

    assert run.returncode == 0, run.stderr
    assert listed(grown) == ["0002_estimate.py"]
