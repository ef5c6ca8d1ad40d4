import datetime as dt
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, String, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from chassis.audit.entries import LONGEST
from chassis.database.models import Base

_GIVEN = ("actor", "service", "action", "subject", "subject_id", "changed", "request_id")
"""What a service says of an entry; the rest is what the database knows itself."""


class AuditEntry(Base):
    """One thing that was done to one record."""

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("ix_audit_log_xid_place", "xid", "place"),
        Index("ix_audit_log_at", "at"),
        Index("ix_audit_log_actor_place", "actor", "place"),
        Index("ix_audit_log_subject_action_place", "subject", "action", "place"),
        Index("ix_audit_log_action_place", "action", "place"),
        Index("ix_audit_log_subject_id_place", "subject_id", "place"),
        Index("ix_audit_log_request_id", "request_id"),
        {"info": {"rights": f"SELECT, INSERT ({', '.join(_GIVEN)})"}},
    )

    place: Mapped[int] = mapped_column(BigInteger(), Identity(always=True), primary_key=True)
    xid: Mapped[int] = mapped_column(
        BigInteger(), server_default=text("pg_current_xact_id()::text::bigint")
    )
    """The transaction: those below a number that have all ended enter nothing more."""
    at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())
    actor: Mapped[str] = mapped_column(String(LONGEST))
    service: Mapped[str | None] = mapped_column(String(LONGEST))
    action: Mapped[str] = mapped_column(String(LONGEST))
    subject: Mapped[str] = mapped_column(String(LONGEST))
    subject_id: Mapped[UUID | None]
    changed: Mapped[list[str]] = mapped_column(JSONB())
    """Names of columns: what they hold may be personal data, and stays in the record."""
    request_id: Mapped[str | None] = mapped_column(String(LONGEST))


class AuditSeal(Base):
    """What transactions below a number have entered, and not below that of the seal before."""

    __tablename__ = "audit_seals"
    __table_args__ = ({"info": {"rights": "SELECT, INSERT (place, until, entries, digest)"}},)

    place: Mapped[int] = mapped_column(BigInteger(), primary_key=True, autoincrement=False)
    """1 for the first; each comes right after the one before."""
    until: Mapped[int] = mapped_column(BigInteger())
    entries: Mapped[int] = mapped_column(BigInteger())
    digest: Mapped[str] = mapped_column(Text())
    at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())
