"""No escrow account is ever overdrawn.

Revision ID: 0002
Revises: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let the database refuse what the API refuses; those that are there are checked while others write."""
    op.create_check_constraint(
        op.f("ck_escrow_accounts_never_overdrawn"),
        "escrow_accounts",
        "balance >= 0",
        postgresql_not_valid=True,
    )
    with op.get_context().autocommit_block():
        op.execute(
            "ALTER TABLE escrow_accounts VALIDATE CONSTRAINT ck_escrow_accounts_never_overdrawn"
        )


def downgrade() -> None:
    """Leave it to the API again."""
    op.drop_constraint(op.f("ck_escrow_accounts_never_overdrawn"), "escrow_accounts")
