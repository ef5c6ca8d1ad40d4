"""Activities wait here until they are told.

Revision ID: mongodb_0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "mongodb_0001"
down_revision = None
branch_labels = ("mongodb",)
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    op.create_table(
        "untold_activities",
        sa.Column("place", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_untold_activities")),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("untold_activities")
