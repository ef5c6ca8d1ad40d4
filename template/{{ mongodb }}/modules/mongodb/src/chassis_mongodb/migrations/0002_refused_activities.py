"""An activity that the document service refuses is put aside, with the reason; the others go on.

Revision ID: mongodb_0002
Revises: mongodb_0001
"""

import sqlalchemy as sa
from alembic import op

revision = "mongodb_0002"
down_revision = "mongodb_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    stored_at = sa.Column(
        "stored_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )
    op.add_column("untold_activities", stored_at)
    op.add_column("untold_activities", sa.Column("refused_at", sa.DateTime(timezone=True)))
    op.add_column("untold_activities", sa.Column("refusal", sa.Text()))


def downgrade() -> None:
    """Take it back; what was refused waits again."""
    op.drop_column("untold_activities", "refusal")
    op.drop_column("untold_activities", "refused_at")
    op.drop_column("untold_activities", "stored_at")
