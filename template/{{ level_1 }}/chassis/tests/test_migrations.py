"""Migrations are written, applied and taken back; SQLite does for what is checked here."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
import stamina
from alembic.util import CommandError

from chassis.database import DatabaseSettings
from chassis.database.migrations import Migrations, main

OTHER = """
import sqlalchemy as sa
import stamina
from alembic import op

revision = "other_1"
down_revision = None
branch_labels = ("other",)


def upgrade() -> None:
    op.create_table("others", sa.Column("id", sa.Integer))


def downgrade() -> None:
    op.drop_table("others")
"""

type Open = Callable[..., Migrations]


@pytest.fixture(autouse=True)
def _no_features(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the migrations that features bring."""
    monkeypatch.setattr("chassis.database.migrations.VERSION_LOCATIONS", [])


@pytest.fixture
def connection() -> Iterator[sa.Connection]:
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    folder = tmp_path / "100% shop" / "migrations" / "versions"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def other(tmp_path: Path) -> Path:
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "0001_others.py").write_text(OTHER)
    return folder


@pytest.fixture
def opened(connection: sa.Connection, versions: Path) -> Open:
    def open_(*tables: str, others: tuple[Path, ...] = ()) -> Migrations:
        metadata = sa.MetaData()
        for table in tables:
            sa.Table(table, metadata, sa.Column("id", sa.Integer))
        opened = Migrations(metadata, versions, others)
        opened.config.attributes["connection"] = connection
        return opened

    return open_


def tables(connection: sa.Connection) -> set[str]:
    return set(sa.inspect(connection).get_table_names()) - {"alembic_version"}


def test_a_migration_holds_what_the_models_have(
    opened: Open, versions: Path, connection: sa.Connection
) -> None:
    opened("books").revision('add "books" \\ now')

    (written,) = versions.glob("*.py")
    text = written.read_text()
    assert written.name == "0001_add_books_now.py"
    assert text.startswith('"""Add \'books\' / now.\n')
    assert 'branch_labels = ("100% shop",)' in text
    assert "commands auto generated" not in text
    opened("books").upgrade()
    assert tables(connection) == {"books"}


def test_nothing_new_writes_nothing(
    opened: Open, versions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    opened().revision("nothing")

    assert list(versions.glob("*.py")) == []
    assert "no migration" in capsys.readouterr().out


def test_it_is_said_what_a_migration_would_do_to_many_rows(
    opened: Open, connection: sa.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    opened("books").revision("books")
    opened("books").upgrade()
    assert "With rows" not in capsys.readouterr().out
    migrations = opened("books")
    books = migrations.config.attributes["metadata"].tables["books"]
    books.append_column(sa.Column("pages", sa.Integer, nullable=False))

    migrations.revision("pages")

    assert "With rows in the table: books.pages: NOT NULL" in capsys.readouterr().out


def test_a_database_that_is_behind_has_to_be_upgraded_first(opened: Open) -> None:
    opened("books").revision("books")

    with pytest.raises(CommandError, match="not up to date"):
        opened("books", "pens").revision("pens")


def test_two_branches_live_side_by_side(
    opened: Open,
    versions: Path,
    other: Path,
    connection: sa.Connection,
    capsys: pytest.CaptureFixture[str],
) -> None:
    opened(others=(other,)).upgrade()
    for number, added in enumerate(("books", "pens"), start=1):
        known = ("others", "books", "pens")[: number + 1]
        opened(*known, others=(other,)).revision(added)
        opened(*known, others=(other,)).upgrade()
    both = opened("others", "books", "pens", others=(other,))

    assert sorted(path.name for path in versions.glob("*.py")) == ["0001_books.py", "0002_pens.py"]
    assert len(list(other.glob("*.py"))) == 1
    assert tables(connection) == {"others", "books", "pens"}
    both.heads()
    both.current()
    assert capsys.readouterr().out.count("other_1") == 2
    both.downgrade("-1")
    assert tables(connection) == {"others", "books"}
    both.downgrade("base")
    assert tables(connection) == {"others"}


def test_the_release_before_runs_on_what_a_newer_one_has_migrated(
    opened: Open, versions: Path, connection: sa.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    for known in (["books"], ["books", "pens"]):
        opened(*known).revision(known[-1])
        opened(*known).upgrade()
    (newer,) = versions.glob("0002_*.py")
    newer.unlink()

    opened("books").upgrade()

    assert "A newer release has been here" in capsys.readouterr().out
    assert tables(connection) == {"books", "pens"}


def test_a_release_that_lacks_something_in_a_newer_database_does_not_run(
    opened: Open, versions: Path, other: Path, connection: sa.Connection
) -> None:
    opened("books").revision("books")
    opened("books").upgrade()
    connection.execute(sa.text("UPDATE alembic_version SET version_num = 'newer'"))
    connection.commit()

    with pytest.raises(CommandError, match="at newer, which this release does not know, and has"):
        opened("books", "pens").upgrade()
    connection.execute(sa.text("ALTER TABLE books RENAME id TO number"))
    with pytest.raises(CommandError, match=r"no column books\.id: deploy the release"):
        opened("books").upgrade()
    assert tables(connection) == {"books"}


def test_a_release_that_would_have_to_migrate_a_newer_database_does_not_run(
    opened: Open, versions: Path, other: Path, connection: sa.Connection
) -> None:
    opened("others", others=(other,)).upgrade()
    with_more = (other / "0001_others.py").read_text().replace('"other_1"', '"other_2"')
    with_more = with_more.replace("down_revision = None", 'down_revision = "other_1"')
    (other / "0002_others.py").write_text(with_more.replace('branch_labels = ("other",)\n', ""))
    connection.execute(sa.text("INSERT INTO alembic_version VALUES ('newer')"))
    connection.commit()

    with pytest.raises(CommandError, match="lacks others of this release"):
        opened("others", others=(other,)).upgrade()


def test_two_migrations_after_the_same_one_are_a_mistake(opened: Open, versions: Path) -> None:
    for name in ("a", "b"):
        (versions / f"{name}.py").write_text(f'revision = "{name}"\ndown_revision = None\n')

    with pytest.raises(CommandError, match=r"a\.py and b\.py follow the same migration"):
        opened().revision("c")


def test_going_back_without_a_branch_is_plain(opened: Open) -> None:
    with pytest.raises(CommandError, match="nowhere"):
        opened().downgrade("nowhere")
    opened().downgrade("base")


def test_a_database_that_stays_away_is_said(versions: Path) -> None:
    settings = DatabaseSettings(database_url="postgresql://nobody@127.0.0.1:1/nothing")

    with (
        stamina.set_testing(testing=True, attempts=2),
        pytest.raises(SystemExit) as stopped,
    ):
        main(sa.MetaData(), versions, settings, arguments=["upgrade"])

    assert str(stopped.value.code).startswith("upgrade: ")


def test_a_command_is_needed(versions: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = DatabaseSettings(database_url="postgresql://nobody@127.0.0.1:1/nothing")

    with pytest.raises(SystemExit):
        main(sa.MetaData(), versions, settings, arguments=[])

    assert "upgrade" in capsys.readouterr().err
