"""Files: those that have to be copied to the second store.

Revision ID: files_0003
Revises: files_0002
"""

import sqlalchemy as sa
from alembic import op

revision = "files_0003"
down_revision = "files_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; the files that are there have to be copied."""
    now = sa.text("now()")
    op.create_table(
        "files_to_copy",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_files_to_copy"),
    )
    op.create_index("ix_files_to_copy_created_at", "files_to_copy", ["created_at", "id"])
    op.execute(
        "INSERT INTO files_to_copy (id) "
        "SELECT id FROM stored_files WHERE state = 'clean' AND NOT released"
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("files_to_copy")
