"""A second API that owners wrote: the root's pyproject.toml has a place for it in every list."""

import json
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.climb.conftest import Climb
from tests.climb.support import LISTS, copy_of, listed
from tests.support import commit_all, run

PLACE = "# Your own services: write them below this line; every update keeps them."
# What owners write below the line, in the order of the lists.
OWN = [
    '    "team-reports-api",',
    "team-reports-api = { workspace = true }",
    '    "$MYPY_CONFIG_FILE_DIR/services/team_reports_api/src",',
    *(['    "team_reports_api",'] * 4),
]
FILES = {
    "pyproject.toml": """\
[project]
name = "team-reports-api"
version = "0.1.0"
description = "What the team looks at on Mondays"
requires-python = ">=3.12"
dependencies = [
    "chassis",
    "fastapi",
]

[build-system]
requires = ["uv_build>=0.13,<0.14"]
build-backend = "uv_build"
""",
    "src/team_reports_api/py.typed": "",
    "src/team_reports_api/__init__.py": "",
    "src/team_reports_api/main.py": '''\
"""The application: `python -m chassis.serve team_reports_api.main:create_app`."""

from fastapi import APIRouter, FastAPI

from chassis.app import build_app
from team_reports_api.settings import Settings

router = APIRouter()


@router.get("/reports/latest")
async def latest() -> dict[str, int]:
    """Tell the newest report."""
    return {"open": 3}


def create_app(settings: Settings | None = None) -> FastAPI:
    """Build the application."""
    return build_app("Team reports API", [router], settings or Settings())
''',
    "src/team_reports_api/settings.py": '''\
"""Settings of this service, from environment variables."""

from chassis.features import FeatureSettings


class Settings(FeatureSettings):
    """Everything that can be set from outside."""
''',
    "tests/unit/test_latest.py": """\
import httpx2

from team_reports_api.main import create_app


async def test_latest() -> None:
    transport = httpx2.ASGITransport(app=create_app())
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.get("/reports/latest")

    assert answer.json() == {"open": 3}
""",
}


def add_a_second_api(project: Path) -> Path:
    """Write it as its owners would: in its own folder, and below each line that is for them."""
    root = project / "pyproject.toml"
    lines, own = [], iter(OWN)
    for line in root.read_text("utf-8").splitlines():
        lines.append(line)
        if line.strip() == PLACE:
            lines.append(next(own))
    assert next(own, None) is None
    root.write_text("\n".join(lines) + "\n", "utf-8")
    for path, text in FILES.items():
        file = project / "services/team_reports_api" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return project


def test_it_stays_in_every_list(project: Path, climb: Climb, quick: None) -> None:
    commit_all(add_a_second_api(project), "a second API")

    run = climb(project, "--to", 2, "--add", "workers")

    assert run.code == 0, run.err
    root = (project / "pyproject.toml").read_text("utf-8")
    assert [line for line in root.splitlines() if line in OWN] == OWN
    linter = tomllib.loads(root)["tool"]["importlinter"]
    assert {"team_reports_api", "team_tasks_worker"} <= set(linter["root_packages"])
    independent = linter["contracts"][0]["modules"]
    assert {"team_reports_api", "team_tasks_worker", "team_tasks_api"} <= set(independent)
    assert "services/team_tasks_worker/pyproject.toml" in listed(project, LISTS[0])


@pytest.fixture
def installed(level_1: Path) -> Iterator[Path]:
    """Such a project with its packages; not under pytest's own folder, as in tests/conftest.py."""
    with TemporaryDirectory(prefix="own-") as folder:
        Path(folder).chmod(0o755)
        project = add_a_second_api(copy_of(level_1, Path(folder) / "demo"))
        synced = run(project, "uv", "sync", "--all-packages", "--quiet")
        assert synced.returncode == 0, synced.stderr
        commit_all(project, "a second API")
        yield project


def _states(project: Path) -> dict[str, str]:
    report = json.loads((project / "artifacts/reports/gates.json").read_text("utf-8"))
    return {gate["name"]: gate["state"] for gate in report["gates"]}


@pytest.mark.long
def test_its_gates_are_green_before_and_after(installed: Path) -> None:
    ferrata = (sys.executable, "-m", "ferrata")
    checked = run(installed, *ferrata, "check", str(installed), FERRATA_GATES="on")
    assert checked.returncode == 0, checked.stdout

    climbed = run(installed, *ferrata, "climb", ".", "--add", "workers", FERRATA_GATES="on")

    assert climbed.returncode == 0, climbed.stdout + climbed.stderr
    assert set(_states(installed).values()) == {"passed"}
    told = (installed / "uv.lock").read_text("utf-8")
    assert {"team-reports-api", "team-tasks-worker"} <= {
        package["name"] for package in tomllib.loads(told)["package"]
    }
