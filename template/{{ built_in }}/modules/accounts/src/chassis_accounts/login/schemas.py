"""What is sent to log in, and what comes back."""

import datetime as dt
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, SecretStr

from chassis.schemas import Answer, Exact, NotNull, Schema
from chassis_accounts.passwords import LONGEST
from chassis_accounts.records import Address, Roles

Password = Annotated[SecretStr, Field(min_length=1, max_length=LONGEST)]
Code = Annotated[str, Field(min_length=6, max_length=30, examples=["123456"])]


class LogIn(Schema):
    """Who wants to log in; `code` is of the authenticator, or a recovery code."""

    email: Address
    password: Password
    code: Code | None = None


class Registration(Schema):
    """Who wants to have an account."""

    email: Address
    password: Password


class Refresh(Schema):
    """The refresh token that came last."""

    refresh_token: Annotated[SecretStr, Field(min_length=1, max_length=2000)]


class Tokens(Schema):
    """What goes with every request, and what gets the next one; both are secrets."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  # the name of a scheme
    expires_in: int
    refresh_token: str


class SessionRead(Answer):
    """A session that goes on."""

    id: str
    began: dt.datetime
    refreshed: dt.datetime
    until: dt.datetime
    client: str


class SessionList(Schema):
    """The sessions of an account."""

    items: list[SessionRead]


class UserRead(Answer):
    """An account, without what nobody is told."""

    id: UUID
    email: str
    roles: list[str]
    disabled: bool
    second_factor: bool
    created_at: dt.datetime
    updated_at: dt.datetime
    version: int


class UserCreate(Schema):
    """A new account."""

    email: Address
    password: Password
    roles: Roles = Field(default_factory=list)


class UserChanges(Schema):
    """Changes of an account; each of them ends its sessions."""

    email: Annotated[Address | None, NotNull()] = None
    password: Annotated[Password | None, NotNull()] = None
    roles: Annotated[Roles | None, NotNull()] = None
    disabled: Annotated[Annotated[bool, Exact()] | None, NotNull()] = None
    second_factor: Annotated[Annotated[Literal[False], Exact()] | None, NotNull()] = None
    """`false` takes it away, for somebody who has lost the authenticator and all recovery codes."""


class PasswordChange(Schema):
    """Another password, and the one before."""

    password: Password
    new_password: Password
    code: Code | None = None


class Proof(Schema):
    """What shows that it is still the owner who asks."""

    password: Password
    code: Code | None = None


class NewFactor(Schema):
    """What an authenticator needs: the address as a QR code, or the secret as text."""

    secret: str
    address: str


class Confirmation(Schema):
    """The first code that the authenticator shows."""

    code: Code


class RecoveryCodes(Schema):
    """Codes for the day on which the authenticator is lost; they are shown once."""

    recovery_codes: list[str]
