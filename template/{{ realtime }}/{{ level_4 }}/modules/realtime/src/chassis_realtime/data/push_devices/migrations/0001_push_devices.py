"""Devices that are told of changes by push.

Revision ID: push_devices_0001
Revises:
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "push_devices_0001"
down_revision = None
branch_labels = ("push_devices",)
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "push_devices",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("account", sa.String(255), nullable=False),
        sa.Column("audience", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("address_hash", sa.String(64), nullable=False),
        sa.Column("p256dh", sa.String(100), nullable=True),
        sa.Column("auth", sa.String(100), nullable=True),
        sa.Column("roles", JSONB(), nullable=False),
        _time("ends_at", default=None),
        _time("created_at"),
        _time("updated_at"),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_push_devices"),
        sa.UniqueConstraint("address_hash", "kind", "audience", name="uq_push_devices_device"),
    )
    op.create_index("ix_push_devices_account", "push_devices", ["account", "created_at", "id"])
    op.create_index("ix_push_devices_audience", "push_devices", ["audience", "created_at", "id"])
    op.create_index("ix_push_devices_created_at", "push_devices", ["created_at", "id"])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("push_devices")


def _time(name: str, default: str | None = "now()") -> sa.Column[Any]:
    given = sa.text(default) if default else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=given, nullable=False)
