"""Chats that bots are in.

Revision ID: bot_0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "bot_0001"
down_revision = None
branch_labels = ("bot",)
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "bot_chats",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("chat", sa.BigInteger(), nullable=False),
        sa.Column("language", sa.String(10), nullable=True),
        sa.Column("subscribed", sa.Boolean(), nullable=False),
        sa.Column("blocked_at", sa.DateTime(timezone=True), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name="pk_bot_chats"),
        sa.UniqueConstraint("chat", name="uq_bot_chats_chat"),
    )
    op.create_index("ix_bot_chats_created_at", "bot_chats", ["created_at", "id"])
    op.create_index("ix_bot_chats_subscribed", "bot_chats", ["subscribed", "created_at", "id"])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("bot_chats")
