"""Handled messages and daily counts.

Revision ID: workers_0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "workers_0001"
down_revision = None
branch_labels = ("workers",)
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "handled_messages",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("stored", sa.Text(), nullable=False),
        sa.Column(
            "handled_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("key", "request", name="pk_handled_messages"),
    )
    op.create_index("ix_handled_messages_handled_at", "handled_messages", ["handled_at"])
    op.create_table(
        "daily_counts",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_daily_counts"),
        sa.UniqueConstraint("name", "day", name="uq_daily_counts_name_day"),
    )
    op.create_index("ix_daily_counts_day", "daily_counts", ["day", "id"])


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("daily_counts")
    op.drop_table("handled_messages")
