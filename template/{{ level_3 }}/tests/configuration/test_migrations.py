"""No migration holds up or breaks what runs meanwhile, unless its file says why that is accepted."""

from pathlib import Path

import pytest

from tests.configuration.migration_risks import BEFORE, ROOT, findings, migrations, was_before

HEAD = """
import sqlalchemy as sa
from alembic import op
"""


def judged(folder: Path, body: str, more: str = "") -> list[str]:
    file = folder / "0002_more.py"
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    file.write_text(f"{HEAD}{more}\ndef upgrade():\n{lines}")
    return findings(file)


@pytest.mark.parametrize("file", migrations(), ids=lambda file: str(file.relative_to(ROOT)))
def test_a_migration_lets_the_others_work(file: Path) -> None:
    if was_before(file):
        pytest.skip(f"it is in {BEFORE}")

    found = findings(file)

    assert not found, "docs/migrations.md:\n" + "\n".join(found)


def test_what_only_sql_shows_is_found(tmp_path: Path) -> None:
    (found,) = judged(tmp_path, 'op.execute("ALTER TABLE a ADD CONSTRAINT b UNIQUE (c)")')

    assert found.startswith(
        "0002_more.py: ALTER TABLE a ADD CONSTRAINT b UNIQUE (c): an index is built"
    )
    assert found.endswith("[disallowed-unique-constraint]")


def test_what_it_asks_the_database_is_not_passed_over(tmp_path: Path) -> None:
    (found,) = judged(tmp_path, 'op.get_bind().execute(sa.text("SELECT 1")).all()')

    assert found.endswith("[needs-a-database]")


def test_a_table_of_its_own_has_no_rows(tmp_path: Path) -> None:
    body = """op.create_table("a", sa.Column("b", sa.Integer()))
op.create_index("ix_a_b", "a", ["b"])
with op.get_context().autocommit_block():
    op.create_unique_constraint("uq_a_b", "a", ["b"])"""

    assert judged(tmp_path, body) == []


@pytest.mark.parametrize(
    ("accepted", "told"),
    [
        ('{"ban-drop-column": "No release since 1.4 reads it."}', ""),
        ('{"ban-drop-column": " "}', "gives no reason for ban-drop-column"),
        ('{"ban-drop-table": "Nobody needs it."}', "has ban-drop-table, which it does not do"),
        ('"all of it"', "has to be {name: reason}"),
    ],
)
def test_a_risk_is_accepted_with_a_reason(tmp_path: Path, accepted: str, told: str) -> None:
    found = judged(tmp_path, 'op.drop_column("a", "b")', f"accepted_risks = {accepted}")

    assert (told in "\n".join(found)) if told else found == []
