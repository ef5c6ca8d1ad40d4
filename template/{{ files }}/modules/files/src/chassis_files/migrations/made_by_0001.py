"""Files: whose work on them is kept.

It is a branch of its own: at level 4 another migration follows that of direct uploads already.

Revision ID: files_made_by_0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "files_made_by_0001"
down_revision = None
branch_labels = ("files_made_by",)
depends_on = "files_0002"


def upgrade() -> None:
    """Add the column."""
    op.add_column("stored_files", sa.Column("made_by", sa.String(32), nullable=True))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("stored_files", "made_by")
