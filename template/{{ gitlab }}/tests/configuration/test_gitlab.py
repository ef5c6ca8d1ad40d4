"""The pipelines are right, and deliver nothing that was not asked for."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.configuration.conftest import ROOT

FILE = ROOT / ".gitlab-ci.yml"
# What is no job.
KEYWORDS = {"stages", "workflow", "default", "variables"}


@pytest.fixture(scope="module")
def jobs() -> dict[str, dict[str, Any]]:
    whole: dict[str, Any] = yaml.safe_load(FILE.read_text())
    return {name: job for name, job in whole.items() if name not in KEYWORDS}


def test_they_are_what_their_schema_allows() -> None:
    program = Path(sys.executable).with_name("check-jsonschema")
    words = [str(program), "--builtin-schema", "vendor.gitlab-ci", str(FILE)]
    done = subprocess.run(words, check=False, capture_output=True, text=True)  # noqa: S603

    assert done.returncode == 0, done.stdout + done.stderr


def test_only_a_tag_is_delivered(jobs: dict[str, dict[str, Any]]) -> None:
    for name in ("images", ".deploy", ".rollback", "production"):
        assert [rule["if"] for rule in jobs[name]["rules"]] == ["$CI_COMMIT_TAG"], name


def test_production_waits_for_somebody(jobs: dict[str, dict[str, Any]]) -> None:
    assert jobs["production"]["rules"] == [{"if": "$CI_COMMIT_TAG", "when": "manual"}]
    assert jobs[".rollback"]["rules"][0]["when"] == "manual"


def test_every_job_ends(jobs: dict[str, dict[str, Any]]) -> None:
    for name, job in jobs.items():
        assert "timeout" in job or "extends" in job, name
