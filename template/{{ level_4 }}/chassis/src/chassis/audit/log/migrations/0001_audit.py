"""The audit log and its seals: they are only ever added to.

Revision ID: audit_0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "audit_0001"
down_revision = None
branch_labels = ("audit",)
depends_on = None

_TABLES = ("audit_log", "audit_seals")
_TIME = sa.DateTime(timezone=True)
_NOW = sa.text("clock_timestamp()")
_INDEXES = (
    ["xid", "place"],
    ["at"],
    ["actor", "place"],
    ["subject", "action", "place"],
    ["action", "place"],
    ["subject_id", "place"],
    ["request_id"],
)


def upgrade() -> None:
    """Apply the migration."""
    op.create_table(
        "audit_log",
        sa.Column("place", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "xid",
            sa.BigInteger(),
            server_default=sa.text("pg_current_xact_id()::text::bigint"),
            nullable=False,
        ),
        sa.Column("at", _TIME, server_default=_NOW, nullable=False),
        sa.Column("actor", sa.String(255), nullable=False),
        sa.Column("service", sa.String(255), nullable=True),
        sa.Column("action", sa.String(255), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("changed", postgresql.JSONB(), nullable=False),
        sa.Column("request_id", sa.String(255), nullable=True),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_audit_log")),
    )
    for columns in _INDEXES:
        op.create_index(f"ix_audit_log_{'_'.join(columns)}", "audit_log", columns)
    op.create_table(
        "audit_seals",
        sa.Column("place", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("at", _TIME, server_default=_NOW, nullable=False),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_audit_seals")),
    )
    op.execute(
        """
        CREATE FUNCTION audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% of % is refused: it is only added to', TG_OP, TG_TABLE_NAME
                USING ERRCODE = 'insufficient_privilege';
        END
        $$
        """
    )
    for table in _TABLES:
        op.execute(
            f"CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION audit_only_grows()"
        )


def downgrade() -> None:
    """Take it back."""
    for table in _TABLES:
        op.drop_table(table)
    op.execute("DROP FUNCTION audit_only_grows()")
