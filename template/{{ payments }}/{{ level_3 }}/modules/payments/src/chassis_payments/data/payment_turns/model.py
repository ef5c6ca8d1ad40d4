from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database.models import Base, Record


class PaymentTurn(Record, Base):
    """Somebody has asked for a payment or a refund: kept for some hours."""

    __tablename__ = "payment_turns"
    __table_args__ = (
        Index("ix_payment_turns_caller", "caller", "act", "created_at"),
        Index("ix_payment_turns_created_at", "created_at"),
    )

    caller: Mapped[str] = mapped_column(String(64))
    act: Mapped[str] = mapped_column(String(10))
    amount: Mapped[int] = mapped_column(BigInteger())
    currency: Mapped[str] = mapped_column(String(3))
