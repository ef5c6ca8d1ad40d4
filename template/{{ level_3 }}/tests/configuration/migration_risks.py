"""What a migration does to those who use the system while it runs, by the SQL that Alembic makes of it.

squawk finds what is risky. Only what matters here is taken over: every migration has a time-out for
locks (``migration_lock_timeout``), so a lock that is held for a moment harms nobody; one that is held
while rows are read or written does, and so does what a release that still runs cannot live with.
"""

import io
import json
import os
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from alembic.migration import MigrationContext
from alembic.operations import Operations

ROOT = Path(__file__).parents[2]
FOLDERS = (
    "services/*/migrations/versions",
    "modules/*/src/**/migrations",
    "chassis/src/**/migrations",
)
POSTGRES = "18"
BEFORE = "before_level_3.txt"
"""Beside the folder of migrations: those that were there before this was looked at."""

UNSEEN = "needs-a-database"
_GONE = "a release that still runs uses it; take it out of the models, deploy, then drop it"
_RENAMED = (
    "a release that still runs uses the old name; add a new one, fill it, deploy, then drop it"
)
_REWRITTEN = (
    "the table is rewritten under ACCESS EXCLUSIVE, nobody reads or writes meanwhile; add the column"
    " nullable, and fill it in another migration"
)
_SCANNED = (
    "every row is read under a lock that stops writes; add it with postgresql_not_valid=True, and"
    " VALIDATE CONSTRAINT in another migration"
)
_INDEXED = (
    "an index is built under ACCESS EXCLUSIVE, nobody reads or writes meanwhile; build a unique index"
    " concurrently first, then ADD CONSTRAINT ... USING INDEX"
)
RISKS = {
    "disallowed-unique-constraint": _INDEXED,
    "adding-serial-primary-key-field": _INDEXED,
    "adding-foreign-key-constraint": _SCANNED,
    "constraint-missing-not-valid": _SCANNED,
    "adding-required-field": (
        "it fails where there are rows, and writes of a release that still runs fail; give it a"
        " server_default, or add it nullable and fill it"
    ),
    "adding-field-with-default": _REWRITTEN,
    "adding-not-nullable-field": (
        "every row is read under ACCESS EXCLUSIVE, nobody reads or writes meanwhile; add a CHECK (...) NOT"
        " VALID, validate it in another migration, then SET NOT NULL reads nothing: accept it"
    ),
    "changing-column-type": (
        "the table may be rewritten under ACCESS EXCLUSIVE, nobody reads or writes meanwhile; add a"
        " column of the new type and fill it; what only makes a text longer can be accepted"
    ),
    "require-concurrent-index-creation": (
        "writes wait under SHARE until the index is built; say postgresql_concurrently=True, inside"
        " with op.get_context().autocommit_block()"
    ),
    "ban-concurrent-index-creation-in-transaction": (
        "PostgreSQL refuses it in a transaction; put it inside"
        " with op.get_context().autocommit_block()"
    ),
    "require-concurrent-reindex": (
        "writes wait under SHARE until the index is built anew; REINDEX ... CONCURRENTLY, inside"
        " with op.get_context().autocommit_block()"
    ),
    "require-concurrent-partition-detach": (
        "ACCESS EXCLUSIVE on the whole table; DETACH PARTITION ... CONCURRENTLY, inside"
        " with op.get_context().autocommit_block()"
    ),
    "ban-drop-column": _GONE,
    "ban-drop-table": _GONE,
    "ban-drop-view": _GONE,
    "ban-drop-schema": _GONE,
    "ban-drop-database": _GONE,
    "renaming-column": _RENAMED,
    "renaming-table": _RENAMED,
    "ban-set-schema": _RENAMED,
    "ban-truncate-cascade": "tables that refer to it are emptied, too; name each table",
    "syntax-error": "squawk cannot read it, so nobody looked at it; see that it is right",
    UNSEEN: (
        "what it does depends on the database, so nobody looked at it; say it in SQL with"
        " op.execute(), or make sure that it takes few rows at a time"
    ),
}
"""What is risky by squawk's name, and what to do instead; of two for one statement, the first is told."""
_ORDER = list(RISKS)

_MADE = re.compile(r"(?i)create +table +(?:if +not +exists +)?([\w.\"]+)")
_TABLE = re.compile(r"(?i)(?:\btable +(?:if +exists +)?(?:only +)?|\bon +(?:only +)?)([\w.\"]+)")


def migrations() -> list[Path]:
    """List the migrations of the services and of the features that bring their own."""
    folders = (folder for each in FOLDERS for folder in sorted(ROOT.glob(each)) if folder.is_dir())
    return [file for folder in folders for file in sorted(folder.glob("[!_]*.py"))]


def was_before(file: Path) -> bool:
    """Tell whether a migration was there before the project came to this level."""
    listed = file.parent.with_name(BEFORE)
    return listed.is_file() and file.name in listed.read_text("utf-8").splitlines()


def findings(file: Path) -> list[str]:
    """Say what is risky in a migration and not accepted, and what is accepted in vain; a line each."""
    migration = runpy.run_path(str(file))
    accepted = migration.get("accepted_risks", {})
    if not isinstance(accepted, dict):
        return [f"{file.name}: accepted_risks has to be {{name: reason}}"]
    found = list(_found(migration))
    told = [
        f"{statement}: {RISKS[name]} [{name}]" for name, statement in found if name not in accepted
    ]
    for name, reason in accepted.items():
        if not str(reason).strip():
            told.append(f"accepted_risks gives no reason for {name}")
        elif name not in dict(found):
            told.append(f"accepted_risks has {name}, which it does not do")
    return [f"{file.name}: {line}" for line in told]


def _found(migration: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Give each risk with its statement; a table that the same migration makes has no rows yet."""
    try:
        sql = _sql(migration)
    except Exception as error:  # noqa: BLE001  # whatever it asks the database for, there is none
        yield UNSEEN, f"upgrade() ({type(error).__name__})"
        return
    made = set(_MADE.findall(sql))
    lines = sql.splitlines(keepends=True)
    found: dict[str, list[str]] = {}
    for one in _squawk(sql):
        place = len("".join(lines[: one["line"]])) + one["column"]
        begin, end = sql.rfind(";", 0, place) + 1, sql.find(";", place)
        statement = " ".join(sql[begin:end].split())
        table = _TABLE.search(statement)
        if one["rule_name"] in RISKS and not (table and table[1] in made):
            found.setdefault(statement, []).append(one["rule_name"])
    for statement, names in found.items():
        yield min(names, key=_ORDER.index), statement


def _sql(migration: dict[str, Any]) -> str:
    written = io.StringIO()
    options = {"as_sql": True, "literal_binds": True, "output_buffer": written}
    context = MigrationContext.configure(dialect_name="postgresql", opts=options)
    with Operations.context(context), context.begin_transaction():
        migration["upgrade"]()
    return written.getvalue()


def _squawk(sql: str) -> list[dict[str, Any]]:
    program = Path(sys.executable).with_name("squawk")
    # Without a file of settings: it would leave rules out for all migrations.
    options = ["--reporter=json", f"--pg-version={POSTGRES}", f"--config={os.devnull}"]
    run = subprocess.run(  # noqa: S603  # the program of the development environment
        [str(program), *options, "--stdin-filepath=migration.sql"],
        input=sql,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    if run.returncode not in {0, 1} or not run.stdout:
        raise RuntimeError(f"squawk: {run.stderr.strip() or run.returncode}")
    told: list[dict[str, Any]] = json.loads(run.stdout)
    return told
