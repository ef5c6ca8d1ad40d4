"""Files: what is known of them.

Revision ID: files_0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "files_0001"
down_revision = None
branch_labels = ("files",)
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "stored_files",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("state", sa.String(10), server_default="pending", nullable=False),
        sa.Column("content_type", sa.String(100), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.String(64), nullable=True),
        sa.Column("reason", sa.String(200), nullable=True),
        sa.Column("entity", sa.String(63), nullable=True),
        sa.Column("entity_id", sa.Uuid(), nullable=True),
        sa.Column("replaces", sa.Uuid(), nullable=True),
        sa.Column("released", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_stored_files"),
    )
    op.create_index("ix_stored_files_created_at", "stored_files", ["created_at", "id"])
    op.create_index(
        "ix_stored_files_owner", "stored_files", ["entity", "entity_id", "created_at", "id"]
    )
    op.create_index("ix_stored_files_state", "stored_files", ["state", "created_at", "id"])
    op.create_index(
        "ix_stored_files_released",
        "stored_files",
        ["created_at", "id"],
        postgresql_where="released",
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("stored_files")
