"""Reconciliations: the books here against those of the providers.

Revision ID: payments_0003
Revises: payments_0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "payments_0003"
down_revision = "payments_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    moment, now = sa.DateTime(timezone=True), sa.text("now()")
    op.create_table(
        "payment_reconciliations",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("provider", sa.String(20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(10), server_default="running", nullable=False),
        sa.Column("checked", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "differences", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False
        ),
        sa.Column("created_at", moment, server_default=now, nullable=False),
        sa.Column("updated_at", moment, server_default=now, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_payment_reconciliations"),
        sa.UniqueConstraint("provider", "day", name="uq_payment_reconciliations_day"),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("payment_reconciliations")
