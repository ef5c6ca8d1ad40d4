"""Links between chats and accounts.

Revision ID: bot_links_0001
Revises:
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "bot_links_0001"
down_revision = None
branch_labels = ("bot_links",)
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "bot_links",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("account", sa.String(255), nullable=False),
        sa.Column("roles", JSONB(), nullable=False),
        sa.Column("chat", sa.BigInteger(), nullable=True),
        _time("ends_at", default=None),
        _time("created_at"),
        _time("updated_at"),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_bot_links"),
        sa.UniqueConstraint("chat", name="uq_bot_links_chat"),
    )
    op.create_index("ix_bot_links_account", "bot_links", ["account", "created_at", "id"])
    op.create_index("ix_bot_links_created_at", "bot_links", ["created_at", "id"])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("bot_links")


def _time(name: str, default: str | None = "now()") -> sa.Column[Any]:
    given = sa.text(default) if default else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=given, nullable=False)
