"""What the owners of examples/p2p_lending wrote fits the project that is generated today."""

import shutil
from collections.abc import Callable
from pathlib import Path

from tests.examples.lending import overlaid, overlay
from tests.support import run

API, DATA = "services/finance_lending_api", "services/finance_data_postgres_api"
NEW = {
    f"{API}/src/finance_lending_api/application/loans/eligibility.py",
    f"{API}/src/finance_lending_api/domain/borrower.py",
    f"{API}/tests/unit/api/test_identities.py",
    f"{API}/tests/unit/api/test_loan_requests.py",
    f"{API}/tests/unit/domain/test_borrower.py",
    f"{DATA}/migrations/versions/0002_no_negative_balance.py",
    f"{DATA}/tests/integration/conftest.py",
    f"{DATA}/tests/integration/test_active_loans.py",
    f"{DATA}/tests/integration/test_marketplace.py",
    f"{DATA}/tests/integration/test_money.py",
}


def test_every_file_is_new_or_replaces_a_seed(rendered: Callable[[str], Path]) -> None:
    project = rendered("p2p_lending")
    seeds = (project / ".ferrata/seeds.txt").read_text("utf-8").splitlines()

    assert {path for path in overlaid() if path not in seeds} == NEW
    assert [path for path in NEW if (project / path).exists()] == []


def test_it_is_clean_by_the_projects_own_rules(
    rendered: Callable[[str], Path], tmp_path: Path
) -> None:
    project = overlay(shutil.copytree(rendered("p2p_lending"), tmp_path / "project"))

    for command in (
        ["ruff", "check"],
        ["ruff", "format", "--check"],
        ["python", "-m", "compileall"],
    ):
        done = run(project, *command, "-q", "services")
        assert done.returncode == 0, done.stdout + done.stderr
