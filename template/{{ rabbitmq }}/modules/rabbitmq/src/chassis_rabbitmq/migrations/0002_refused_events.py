"""An event that RabbitMQ refuses is put aside, with the reason; the others go on.

Revision ID: rabbitmq_0002
Revises: rabbitmq_0001
"""

import sqlalchemy as sa
from alembic import op

revision = "rabbitmq_0002"
down_revision = "rabbitmq_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    op.add_column("outbox", sa.Column("refused_at", sa.DateTime(timezone=True)))
    op.add_column("outbox", sa.Column("refusal", sa.Text()))


def downgrade() -> None:
    """Take it back; what was refused waits again."""
    op.drop_column("outbox", "refusal")
    op.drop_column("outbox", "refused_at")
