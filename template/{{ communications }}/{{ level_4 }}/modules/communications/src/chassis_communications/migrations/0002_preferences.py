"""What people want to get.

Revision ID: communications_0002
Revises: communications_0001
"""

import sqlalchemy as sa
from alembic import op

revision = "communications_0002"
down_revision = "communications_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    now = sa.text("now()")
    op.create_table(
        "preferences",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("channel", sa.String(10), nullable=False),
        sa.Column("address_hash", sa.String(64), nullable=False),
        sa.Column("consent", sa.String(10), nullable=True),
        sa.Column("consent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("quiet_hours", sa.String(11), nullable=True),
        sa.Column("time_zone", sa.String(64), nullable=True),
        sa.Column("a_day", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_preferences"),
    )
    op.create_index("ix_preferences_created_at", "preferences", ["created_at", "id"])
    op.create_index("ix_preferences_consent", "preferences", ["consent", "created_at", "id"])
    op.create_index(
        "uq_preferences_address", "preferences", ["channel", "address_hash"], unique=True
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("preferences")
