"""The table of escrow accounts."""

from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, VersionedRecord


class EscrowAccount(VersionedRecord, Base):
    """An escrow account; id, timestamps and version come from VersionedRecord."""

    __tablename__ = "escrow_accounts"
    # One for each filter and sort that lists offer. What is asked for together, and often, is yours
    # to add: sa.Index("ix_...", "<filter>", "<sort>", "id"); see docs/database.md.
    __table_args__ = (
        sa.Index("ix_escrow_accounts_created_at_id", "created_at", "id"),
        sa.Index("ix_escrow_accounts_updated_at_id", "updated_at", "id"),
        sa.Index("ix_escrow_accounts_balance_id", "balance", "id"),
        sa.Index("ix_escrow_accounts_status_id", "status", "id"),
        sa.CheckConstraint("balance >= 0", name="never_overdrawn"),
    )

    loan_id: Mapped[UUID] = mapped_column(sa.Uuid(), sa.ForeignKey("loans.id"), unique=True)
    balance: Mapped[Decimal] = mapped_column(
        sa.Numeric(18, 2),
        sa.CheckConstraint("\"balance\" <> 'NaN'", name="balance"),
    )
    status: Mapped[str] = mapped_column(sa.String(8))
