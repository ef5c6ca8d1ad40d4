"""The inbox of a bot.

Revision ID: bot_updates_0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "bot_updates_0001"
down_revision = None
branch_labels = ("bot_updates",)
depends_on = None


def upgrade() -> None:
    """Create the table."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "bot_updates",
        sa.Column("update_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("created_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("done_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("update_id", name="pk_bot_updates"),
    )
    for name, column, where in (
        ("ix_bot_updates_waiting", "update_id", "done_at IS NULL"),
        ("ix_bot_updates_done", "done_at", "done_at IS NOT NULL"),
    ):
        op.create_index(name, "bot_updates", [column], postgresql_where=sa.text(where))


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("bot_updates")
