import datetime as dt

from sqlalchemy import Boolean, Index, Integer, String, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database.models import Base, Record, VersionedRecord


class Account(VersionedRecord, Base):
    """Somebody who may log in."""

    __tablename__ = "auth_users"
    __table_args__ = (Index("ix_auth_users_created_at_id", "created_at", "id"),)

    email: Mapped[str] = mapped_column(String(320), unique=True)
    password_hash: Mapped[str] = mapped_column(Text())
    roles: Mapped[list[str]] = mapped_column(JSONB())
    disabled: Mapped[bool] = mapped_column(Boolean(), server_default=text("false"))
    totp_secret: Mapped[str | None] = mapped_column(Text())
    recovery_codes: Mapped[list[str]] = mapped_column(JSONB(), server_default=text("'[]'"))


class SigningKey(Record, Base):
    """A pair of keys, the private half of which is sealed."""

    __tablename__ = "auth_keys"
    __table_args__ = (Index("ix_auth_keys_created_at_id", "created_at", "id"),)

    number: Mapped[int] = mapped_column(Integer(), unique=True)
    private: Mapped[str] = mapped_column(Text())
    signs_from: Mapped[dt.datetime]


class Client(VersionedRecord, Base):
    """A program that gets tokens of its own."""

    __tablename__ = "auth_clients"
    __table_args__ = (Index("ix_auth_clients_created_at_id", "created_at", "id"),)

    name: Mapped[str] = mapped_column(String(100), unique=True)
    secret_hash: Mapped[str] = mapped_column(Text())
    roles: Mapped[list[str]] = mapped_column(JSONB())
    disabled: Mapped[bool] = mapped_column(Boolean(), server_default=text("false"))
