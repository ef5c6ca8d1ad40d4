"""Accounts, signing keys and clients, as the data service keeps them for the business API."""

import datetime as dt
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, EmailStr, Field

from chassis.schemas import Answer, Exact, ListQuery, NotNull, Schema

USERS = "/api/v1/auth/users"
KEYS = "/api/v1/auth/keys"
CLIENTS = "/api/v1/auth/clients"

Address = Annotated[EmailStr, Exact()]
Role = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[\w-]+$", examples=["reader"])]
Roles = Annotated[list[Role], Field(max_length=50)]
Sealed = Annotated[str, Field(min_length=1, max_length=2000), Exact()]
ClientName = Annotated[str, Field(min_length=1, max_length=100), Exact(unique=True)]
Digests = Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=20)]


class AccountCreate(Schema):
    """A new account; its password is never kept, only what proves it."""

    email: Address
    password_hash: Sealed
    roles: Roles = Field(default_factory=list)


class AccountChanges(Schema):
    """Changes of an account: what is not sent stays as it is."""

    email: Annotated[Address | None, NotNull()] = None
    password_hash: Annotated[Sealed | None, NotNull()] = None
    roles: Annotated[Roles | None, NotNull()] = None
    disabled: Annotated[Annotated[bool, Exact()] | None, NotNull()] = None
    totp_secret: Sealed | None = None
    recovery_codes: Annotated[Digests | None, NotNull()] = None


class AccountRead(Answer):
    """An account as it is kept."""

    id: UUID
    email: str
    password_hash: str
    roles: list[str]
    disabled: bool
    totp_secret: str | None
    recovery_codes: list[str]
    created_at: dt.datetime
    updated_at: dt.datetime
    version: int


class AccountQuery(ListQuery):
    """Which accounts a list shows."""

    sort: Literal["created_at", "-created_at"] = "-created_at"
    email: Address | None = None


class KeyCreate(Schema):
    """A new pair of keys: each has the number after that of the one before."""

    number: Annotated[int, Field(ge=1, le=2**31 - 1), Exact()]
    private: Sealed
    signs_from: Annotated[AwareDatetime, Exact()]


class KeyRead(Answer):
    """A pair of keys as it is kept: the private half is sealed."""

    id: UUID
    number: int
    private: str
    signs_from: dt.datetime
    created_at: dt.datetime
    updated_at: dt.datetime


class KeyQuery(ListQuery):
    """Which keys a list shows: the newest first."""

    sort: Literal["created_at", "-created_at"] = "-created_at"


class ClientCreate(Schema):
    """A program that gets tokens of its own; of its secret only a digest is kept."""

    name: ClientName
    secret_hash: Sealed
    roles: Roles = Field(default_factory=list)


class ClientChanges(Schema):
    """Changes of a client: what is not sent stays as it is."""

    name: Annotated[ClientName | None, NotNull()] = None
    secret_hash: Annotated[Sealed | None, NotNull()] = None
    roles: Annotated[Roles | None, NotNull()] = None
    disabled: Annotated[Annotated[bool, Exact()] | None, NotNull()] = None


class ClientRead(Answer):
    """A client as it is kept."""

    id: UUID
    name: str
    secret_hash: str
    roles: list[str]
    disabled: bool
    created_at: dt.datetime
    updated_at: dt.datetime
    version: int


class ClientQuery(ListQuery):
    """Which clients a list shows."""

    sort: Literal["created_at", "-created_at"] = "-created_at"
