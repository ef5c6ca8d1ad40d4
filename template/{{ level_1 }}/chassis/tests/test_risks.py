"""What is said of a migration when it is written."""

from typing import Any

import pytest
import sqlalchemy as sa
from alembic.operations import ops

from chassis.database.risks import risks


def told(*operations: ops.MigrateOperation) -> list[str]:
    return list(risks(ops.UpgradeOps([ops.ModifyTableOps("tasks", list(operations))])))


def added(column: sa.Column[object]) -> ops.AddColumnOp:
    return ops.AddColumnOp("tasks", column)


def index(**options: Any) -> ops.CreateIndexOp:
    return ops.CreateIndexOp("ix_tasks_title", "tasks", ["title"], **options)


def altered(**changes: Any) -> ops.AlterColumnOp:
    return ops.AlterColumnOp("tasks", "title", existing_type=sa.String(50), **changes)


@pytest.mark.parametrize(
    ("operation", "what"),
    [
        (added(sa.Column("rank", sa.Integer(), nullable=False)), "tasks.rank: NOT NULL without"),
        (
            added(sa.Column("key", sa.Uuid(), server_default=sa.text("gen_random_uuid()"))),
            "tasks.key: a default that differs by row",
        ),
        (added(sa.Column("n", sa.Integer(), sa.Identity())), "tasks.n: a default that differs"),
        (
            added(sa.Column("size", sa.Integer(), sa.Computed("length(title)"))),
            "tasks.size: a default that differs",
        ),
        (index(), "tasks.ix_tasks_title: writes wait"),
        (index(unique=True), "tasks.ix_tasks_title: writes wait"),
        (
            ops.CreateUniqueConstraintOp("uq_tasks_title", "tasks", ["title"]),
            "tasks.uq_tasks_title: it fails where values are there twice",
        ),
        (
            ops.CreateForeignKeyOp("fk_tasks_owner", "tasks", "users", ["owner"], ["id"]),
            "every row is checked",
        ),
        (
            ops.CreateCheckConstraintOp("ck_tasks_rank", "tasks", "rank > 0"),
            "tasks.ck_tasks_rank: every row is checked",
        ),
        (altered(modify_type=sa.Integer()), "tasks.title: another type"),
        (altered(modify_type=sa.String(20)), "tasks.title: another type"),
        (altered(modify_nullable=False), "tasks.title: NOT NULL fails where"),
        (ops.DropColumnOp("tasks", "title"), "tasks.title: what still runs uses it"),
        (ops.DropTableOp("tasks"), "tasks: what still runs uses it"),
    ],
)
def test_what_fails_or_locks_with_rows_is_told(operation: ops.MigrateOperation, what: str) -> None:
    (risk,) = told(operation)

    assert what in risk


@pytest.mark.parametrize(
    "operation",
    [
        added(sa.Column("note", sa.Text(), nullable=True)),
        added(sa.Column("rank", sa.Integer(), nullable=False, server_default="3")),
        added(sa.Column("at", sa.DateTime(), nullable=False, server_default=sa.func.now())),
        index(postgresql_concurrently=True),
        altered(modify_type=sa.String(200)),
        altered(modify_type=sa.Text()),
        altered(modify_nullable=True),
        ops.DropIndexOp("ix_tasks_title", "tasks"),
        ops.CreateForeignKeyOp(
            "fk", "tasks", "users", ["owner"], ["id"], postgresql_not_valid=True
        ),
    ],
)
def test_what_does_no_harm_is_not(operation: ops.MigrateOperation) -> None:
    assert told(operation) == []


def test_a_table_that_the_migration_makes_has_no_rows() -> None:
    made = ops.CreateTableOp("tasks", [sa.Column("id", sa.Integer())])

    assert list(risks(ops.UpgradeOps([made, ops.ModifyTableOps("tasks", [index()])]))) == []
