from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database.models import Base, Record, VersionedRecord


class ProviderPayment(VersionedRecord, Base):
    """A payment: what it is for, who takes it, and what it has come to."""

    __tablename__ = "provider_payments"
    __table_args__ = (
        UniqueConstraint("provider", "reference", name="uq_provider_payments_reference"),
        Index("ix_provider_payments_created_at", "created_at", "id"),
        Index("ix_provider_payments_owner", "entity", "entity_id", "created_at", "id"),
        Index("ix_provider_payments_state", "state", "created_at", "id"),
        Index("ix_provider_payments_provider", "provider", "created_at", "id"),
        Index("ix_provider_payments_charge", "charge"),
    )

    provider: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(10), server_default="pending")
    amount: Mapped[int] = mapped_column(BigInteger())
    currency: Mapped[str] = mapped_column(String(3))
    refunded: Mapped[int] = mapped_column(BigInteger(), server_default=text("0"))
    disputed: Mapped[str | None] = mapped_column(String(10))
    entity: Mapped[str | None] = mapped_column(String(63))
    entity_id: Mapped[UUID | None]
    description: Mapped[str] = mapped_column(String(127))
    return_url: Mapped[str] = mapped_column(String(2048))
    details: Mapped[dict[str, Any]] = mapped_column("metadata", JSONB())
    reason: Mapped[str | None] = mapped_column(String(500))
    reference: Mapped[str | None] = mapped_column(String(255))
    charge: Mapped[str | None] = mapped_column(String(255))
    checkout_url: Mapped[str | None] = mapped_column(String(2048))
    client_secret: Mapped[str | None] = mapped_column(String(255))
    attempt: Mapped[str] = mapped_column(String(100))
    attempted_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class ProviderAttempt(Record, Base):
    """Something that a provider was asked for, under a key that is used for nothing else."""

    __tablename__ = "provider_attempts"
    __table_args__ = (
        UniqueConstraint("key", name="uq_provider_attempts_key"),
        Index("ix_provider_attempts_payment_id", "payment_id", "created_at"),
    )

    payment_id: Mapped[UUID] = mapped_column(ForeignKey("provider_payments.id"))
    provider: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(String(500))


class ProviderRefund(VersionedRecord, Base):
    """A refund: what is held of a payment, and what the provider said to it."""

    __tablename__ = "provider_refunds"
    __table_args__ = (
        UniqueConstraint("payment_id", "reference", name="uq_provider_refunds_reference"),
        Index("ix_provider_refunds_payment_id", "payment_id", "created_at"),
        Index("ix_provider_refunds_state", "state", "updated_at"),
    )

    payment_id: Mapped[UUID] = mapped_column(ForeignKey("provider_payments.id"))
    amount: Mapped[int] = mapped_column(BigInteger())
    state: Mapped[str] = mapped_column(String(10), server_default="pending")
    reference: Mapped[str | None] = mapped_column(String(255))
    reason: Mapped[str | None] = mapped_column(String(500))
    attempt: Mapped[int] = mapped_column(Integer(), server_default=text("1"))


class ProviderDispute(Record, Base):
    """A dispute, as the provider tells it."""

    __tablename__ = "provider_disputes"
    __table_args__ = (
        UniqueConstraint("payment_id", "reference", name="uq_provider_disputes_reference"),
    )

    payment_id: Mapped[UUID] = mapped_column(ForeignKey("provider_payments.id"))
    reference: Mapped[str] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(String(10))
    amount: Mapped[int] = mapped_column(BigInteger())
    reason: Mapped[str | None] = mapped_column(String(500))


class ProviderTransaction(Record, Base):
    """Money that moved: each movement is here once, and never changed."""

    __tablename__ = "provider_transactions"
    __table_args__ = (
        UniqueConstraint("provider", "kind", "reference", name="uq_provider_transactions_moved"),
        Index("ix_provider_transactions_payment_id", "payment_id", "created_at"),
        Index("ix_provider_transactions_provider", "provider", "created_at", "id"),
    )

    payment_id: Mapped[UUID] = mapped_column(ForeignKey("provider_payments.id"))
    provider: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(10))
    reference: Mapped[str] = mapped_column(String(255))
    amount: Mapped[int] = mapped_column(BigInteger())
    currency: Mapped[str] = mapped_column(String(3))
