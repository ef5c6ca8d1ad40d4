"""Payments: what they have come to, the money that moved, and what providers said.

Revision ID: payments_0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "payments_0001"
down_revision = None
branch_labels = ("payments",)
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    _create_payments()
    _create_parts()
    _create_events()


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("provider_events")
    op.drop_table("provider_transactions")
    op.drop_table("provider_disputes")
    op.drop_table("provider_refunds")
    op.drop_table("provider_attempts")
    op.drop_table("provider_payments")


def _create_payments() -> None:
    op.create_table(
        "provider_payments",
        _id(),
        sa.Column("provider", sa.String(20), nullable=False),
        sa.Column("state", sa.String(10), server_default="pending", nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("refunded", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("disputed", sa.String(10), nullable=True),
        sa.Column("entity", sa.String(63), nullable=True),
        sa.Column("entity_id", sa.Uuid(), nullable=True),
        sa.Column("description", sa.String(127), nullable=False),
        sa.Column("return_url", sa.String(2048), nullable=False),
        sa.Column("metadata", postgresql.JSONB(), nullable=False),
        sa.Column("reason", sa.String(500), nullable=True),
        sa.Column("reference", sa.String(255), nullable=True),
        sa.Column("charge", sa.String(255), nullable=True),
        sa.Column("checkout_url", sa.String(2048), nullable=True),
        sa.Column("client_secret", sa.String(255), nullable=True),
        sa.Column("attempt", sa.String(100), nullable=False),
        _time("attempted_at", "clock_timestamp()"),
        *_times(),
        _version(),
        sa.PrimaryKeyConstraint("id", name="pk_provider_payments"),
        sa.UniqueConstraint("provider", "reference", name="uq_provider_payments_reference"),
    )
    op.create_index("ix_provider_payments_created_at", "provider_payments", ["created_at", "id"])
    op.create_index(
        "ix_provider_payments_owner",
        "provider_payments",
        ["entity", "entity_id", "created_at", "id"],
    )
    op.create_index(
        "ix_provider_payments_state", "provider_payments", ["state", "created_at", "id"]
    )
    op.create_index(
        "ix_provider_payments_provider", "provider_payments", ["provider", "created_at", "id"]
    )
    op.create_index("ix_provider_payments_charge", "provider_payments", ["charge"])


def _create_parts() -> None:
    op.create_table(
        "provider_attempts",
        _id(),
        _payment(),
        sa.Column("provider", sa.String(20), nullable=False),
        sa.Column("key", sa.String(100), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(500), nullable=True),
        *_times(),
        *_keys("provider_attempts"),
        sa.UniqueConstraint("key", name="uq_provider_attempts_key"),
    )
    op.create_table(
        "provider_refunds",
        _id(),
        _payment(),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(10), server_default="pending", nullable=False),
        sa.Column("reference", sa.String(255), nullable=True),
        sa.Column("reason", sa.String(500), nullable=True),
        sa.Column("attempt", sa.Integer(), server_default=sa.text("1"), nullable=False),
        *_times(),
        _version(),
        *_keys("provider_refunds"),
        sa.UniqueConstraint("payment_id", "reference", name="uq_provider_refunds_reference"),
    )
    op.create_table(
        "provider_disputes",
        _id(),
        _payment(),
        sa.Column("reference", sa.String(255), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(500), nullable=True),
        *_times(),
        *_keys("provider_disputes"),
        sa.UniqueConstraint("payment_id", "reference", name="uq_provider_disputes_reference"),
    )
    op.create_table(
        "provider_transactions",
        _id(),
        _payment(),
        sa.Column("provider", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("reference", sa.String(255), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        *_times(),
        *_keys("provider_transactions"),
        sa.UniqueConstraint("provider", "kind", "reference", name="uq_provider_transactions_moved"),
    )
    for table in ("provider_attempts", "provider_refunds", "provider_transactions"):
        op.create_index(f"ix_{table}_payment_id", table, ["payment_id", "created_at"])
    op.create_index("ix_provider_refunds_state", "provider_refunds", ["state", "updated_at"])
    op.create_index(
        "ix_provider_transactions_provider",
        "provider_transactions",
        ["provider", "created_at", "id"],
    )


def _create_events() -> None:
    op.create_table(
        "provider_events",
        _id(),
        sa.Column("provider", sa.String(20), nullable=False),
        sa.Column("event_id", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(100), nullable=False),
        sa.Column("subjects", postgresql.ARRAY(sa.String(255)), nullable=False),
        sa.Column("state", sa.String(10), server_default="new", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        _time("due_at", "clock_timestamp()"),
        sa.Column("error", sa.String(500), nullable=True),
        *_times(),
        sa.PrimaryKeyConstraint("id", name="pk_provider_events"),
        sa.UniqueConstraint("provider", "event_id", name="uq_provider_events_event"),
    )
    op.create_index(
        "ix_provider_events_due",
        "provider_events",
        ["provider", "due_at"],
        postgresql_where=sa.text("state = 'new'"),
    )
    op.create_index(
        "ix_provider_events_done",
        "provider_events",
        ["created_at"],
        postgresql_where=sa.text("state = 'done'"),
    )


def _id() -> sa.Column[object]:
    return sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False)


def _version() -> sa.Column[object]:
    return sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False)


def _payment() -> sa.Column[object]:
    return sa.Column("payment_id", sa.Uuid(), nullable=False)


def _keys(table: str) -> tuple[sa.Constraint, ...]:
    return (
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["provider_payments.id"], name=f"fk_{table}_payment_id"
        ),
    )


def _time(name: str, default: str = "now()") -> sa.Column[object]:
    kind = sa.DateTime(timezone=True)
    return sa.Column(name, kind, server_default=sa.text(default), nullable=False)


def _times() -> tuple[sa.Column[object], ...]:
    return _time("created_at"), _time("updated_at")
