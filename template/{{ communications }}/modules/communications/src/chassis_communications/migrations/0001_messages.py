"""Messages, addresses that nothing is sent to, and what providers told.

Revision ID: communications_0001
Revises:
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "communications_0001"
down_revision = None
branch_labels = ("communications",)
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    _create(
        "messages",
        sa.Column("template", sa.String(63), nullable=False),
        sa.Column("channel", sa.String(10), nullable=False),
        sa.Column("recipient", sa.String(254), nullable=False),
        sa.Column("address_hash", sa.String(64), nullable=False),
        sa.Column("data", JSONB(), nullable=False),
        sa.Column("time_zone", sa.String(64), nullable=True),
        sa.Column("state", sa.String(10), server_default="queued", nullable=False),
        sa.Column("reason", sa.String(200), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempt", sa.Uuid(), nullable=True),
        sa.Column("provider", sa.String(63), nullable=True),
        sa.Column("provider_id", sa.String(200), nullable=True),
        sa.Column("segments", sa.Integer(), nullable=True),
        sa.Column("cost", sa.BigInteger(), nullable=True),
        sa.Column(
            "due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
    )
    op.create_index("ix_messages_created_at", "messages", ["created_at", "id"])
    op.create_index("ix_messages_state", "messages", ["state", "created_at", "id"])
    op.create_index("ix_messages_due", "messages", ["state", "channel", "due_at", "id"])
    op.create_index("ix_messages_address_hash", "messages", ["address_hash", "created_at", "id"])
    op.create_index(
        "ix_messages_recipient",
        "messages",
        ["recipient", "created_at"],
        postgresql_ops={"recipient": "varchar_pattern_ops"},
    )
    op.create_index("ix_messages_channel", "messages", ["channel", "created_at", "id"])
    op.create_index("ix_messages_template", "messages", ["template", "created_at", "id"])
    _create(
        "suppressions",
        sa.Column("channel", sa.String(10), nullable=False),
        sa.Column("address_hash", sa.String(64), nullable=False),
        sa.Column("cause", sa.String(20), nullable=False),
    )
    op.create_index("ix_suppressions_created_at", "suppressions", ["created_at", "id"])
    op.create_index(
        "uq_suppressions_address", "suppressions", ["channel", "address_hash"], unique=True
    )
    _create(
        "message_events",
        sa.Column("provider", sa.String(20), nullable=False),
        sa.Column("event_id", sa.String(255), nullable=False),
        sa.Column("state", sa.String(10), server_default="new", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "due_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("error", sa.String(500), nullable=True),
        sa.Column("message", sa.Uuid(), nullable=False),
        sa.Column("told", sa.String(10), nullable=True),
        sa.Column("reason", sa.String(200), nullable=True),
        sa.Column("cause", sa.String(20), nullable=True),
    )
    op.create_index(
        "ix_message_events_due",
        "message_events",
        ["due_at"],
        postgresql_where=sa.text("state = 'new'"),
    )
    op.create_index(
        "ix_message_events_done",
        "message_events",
        ["created_at"],
        postgresql_where=sa.text("state = 'done'"),
    )
    op.create_index(
        "uq_message_events_event", "message_events", ["provider", "event_id"], unique=True
    )


def downgrade() -> None:
    """Drop the tables."""
    for table in ("message_events", "suppressions", "messages"):
        op.drop_table(table)


def _create(table: str, *columns: sa.Column[Any]) -> None:
    def moment(name: str) -> sa.Column[Any]:
        now = sa.text("now()")
        return sa.Column(name, sa.DateTime(timezone=True), server_default=now, nullable=False)

    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        *columns,
        moment("created_at"),
        moment("updated_at"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    )
