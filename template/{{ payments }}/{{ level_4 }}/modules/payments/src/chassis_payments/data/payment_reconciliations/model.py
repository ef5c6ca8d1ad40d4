from datetime import date
from typing import Any

from sqlalchemy import Date, Integer, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database.models import Base, Record


class PaymentReconciliation(Record, Base):
    """A day at a provider, compared with the books."""

    __tablename__ = "payment_reconciliations"
    __table_args__ = (
        UniqueConstraint("provider", "day", name="uq_payment_reconciliations_day"),
        {"info": {"small": True}},  # a row for each day and provider
    )

    provider: Mapped[str] = mapped_column(String(20))
    day: Mapped[date] = mapped_column(Date())
    state: Mapped[str] = mapped_column(String(10), server_default="running")
    checked: Mapped[int] = mapped_column(Integer(), server_default=text("0"))
    differences: Mapped[list[Any]] = mapped_column(JSONB(), server_default=text("'[]'"))
