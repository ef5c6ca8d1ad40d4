"""Clients, as administrators see them."""

import datetime as dt
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from chassis.schemas import Exact, NotNull, Schema
from chassis_accounts.records import ClientName, Roles


class ClientAdded(Schema):
    """A program that shall get tokens."""

    name: ClientName
    roles: Roles = Field(default_factory=list)


class ClientUpdated(Schema):
    """Changes of a client; each of them ends its tokens."""

    name: Annotated[ClientName | None, NotNull()] = None
    roles: Annotated[Roles | None, NotNull()] = None
    disabled: Annotated[Annotated[bool, Exact()] | None, NotNull()] = None
    new_secret: Annotated[Annotated[Literal[True], Exact()] | None, NotNull()] = None
    """`true` makes another secret, which the answer shows."""


class ClientShown(Schema):
    """A client; its secret is shown once, when it was made."""

    id: UUID
    name: str
    roles: list[str]
    disabled: bool
    client_secret: str | None = None
    created_at: dt.datetime
    updated_at: dt.datetime
    version: int
