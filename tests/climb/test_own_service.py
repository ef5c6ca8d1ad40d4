"""A second API that owners wrote: the root's pyproject.toml has a place for it in every list."""

import tomllib
from pathlib import Path

import pytest

from tests.climb.conftest import Climb
from tests.climb.support import LISTS, listed
from tests.support import commit_all

pytestmark = pytest.mark.usefixtures("quick")
PLACE = "# Your own services: write them below this line; every update keeps them."
# What owners write below the line, in the order of the lists.
OWN = [
    '    "team-reports-api",',
    "team-reports-api = { workspace = true }",
    '    "$MYPY_CONFIG_FILE_DIR/services/team_reports_api/src",',
    *(['    "team_reports_api",'] * 4),
]


@pytest.fixture
def with_a_second_api(project: Path) -> Path:
    root = project / "pyproject.toml"
    lines, own = [], iter(OWN)
    for line in root.read_text("utf-8").splitlines():
        lines.append(line)
        if line.strip() == PLACE:
            lines.append(next(own))
    assert next(own, None) is None
    root.write_text("\n".join(lines) + "\n", "utf-8")
    service = project / "services/team_reports_api"
    (service / "src/team_reports_api").mkdir(parents=True)
    (service / "src/team_reports_api/__init__.py").write_text('"""Reports."""\n')
    (service / "pyproject.toml").write_text(
        '[project]\nname = "team-reports-api"\nversion = "0.1.0"\nrequires-python = ">=3.12"\n'
    )
    commit_all(project, "a second API")
    return project


def test_it_stays_in_every_list(with_a_second_api: Path, climb: Climb) -> None:
    project = with_a_second_api

    run = climb(project, "--to", 2, "--add", "workers")

    assert run.code == 0, run.err
    root = (project / "pyproject.toml").read_text("utf-8")
    assert [line for line in root.splitlines() if line in OWN] == OWN
    linter = tomllib.loads(root)["tool"]["importlinter"]
    assert {"team_reports_api", "team_tasks_worker"} <= set(linter["root_packages"])
    independent = linter["contracts"][0]["modules"]
    assert {"team_reports_api", "team_tasks_worker", "team_tasks_api"} <= set(independent)
    assert "services/team_tasks_worker/pyproject.toml" in listed(project, LISTS[0])
