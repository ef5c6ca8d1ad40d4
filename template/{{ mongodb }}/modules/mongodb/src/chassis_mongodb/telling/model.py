import datetime as dt
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database.models import Base


class UntoldActivity(Base):
    """An activity that the document service does not know yet."""

    __tablename__ = "untold_activities"

    place: Mapped[int] = mapped_column(BigInteger(), Identity(always=True), primary_key=True)
    """Counts up: writes to one record wait for one another, so its activities are in order."""
    id: Mapped[UUID]
    """Of the activity."""
    body: Mapped[str] = mapped_column(Text())
    """The activity as JSON."""
    stored_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    refused_at: Mapped[dt.datetime | None]
    """Since when it waits no more, as the document service does not take it."""
    refusal: Mapped[str | None] = mapped_column(Text())
    """Why."""
