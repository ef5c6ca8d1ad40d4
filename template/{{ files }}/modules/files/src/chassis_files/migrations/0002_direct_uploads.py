"""Files: those that come by links.

Revision ID: files_0002
Revises: files_0001
"""

import sqlalchemy as sa
from alembic import op

revision = "files_0002"
down_revision = "files_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("stored_files", sa.Column("part_size", sa.BigInteger(), nullable=True))
    op.add_column("stored_files", sa.Column("upload_id", sa.String(1024), nullable=True))


def downgrade() -> None:
    """Drop the columns."""
    op.drop_column("stored_files", "upload_id")
    op.drop_column("stored_files", "part_size")
