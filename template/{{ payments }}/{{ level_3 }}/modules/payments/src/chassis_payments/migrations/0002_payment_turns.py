"""Turns: how often somebody has asked for payments and refunds.

Revision ID: payments_0002
Revises: payments_0001
"""

import sqlalchemy as sa
from alembic import op

revision = "payments_0002"
down_revision = "payments_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "payment_turns",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("caller", sa.String(64), nullable=False),
        sa.Column("act", sa.String(10), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("created_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_payment_turns"),
    )
    op.create_index("ix_payment_turns_caller", "payment_turns", ["caller", "act", "created_at"])
    op.create_index("ix_payment_turns_created_at", "payment_turns", ["created_at"])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("payment_turns")
