from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database.models import Base, Record


class MessagePrice(Record, Base):
    """What a provider bills for a message, where it said so later; its id is that of the message."""

    __tablename__ = "message_prices"

    id: Mapped[UUID] = mapped_column(
        ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True, sort_order=-1
    )
    price: Mapped[int] = mapped_column(BigInteger())
