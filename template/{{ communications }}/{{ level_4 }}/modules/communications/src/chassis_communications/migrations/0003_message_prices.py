"""What providers bill for messages, where they say so later.

Revision ID: communications_0003
Revises: communications_0002
"""

import sqlalchemy as sa
from alembic import op

revision = "communications_0003"
down_revision = "communications_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    now = sa.text("now()")
    op.create_table(
        "message_prices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.ForeignKeyConstraint(
            ["id"], ["messages.id"], name="fk_message_prices_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_message_prices"),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("message_prices")
