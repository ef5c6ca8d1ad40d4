"""Links between chats and accounts, as services exchange them, and the tokens that make one.

A token is the id of a link that waits for a chat, with a signature: who learns the id, from a log
or from the database, cannot make the token of it. It fits into ``https://t.me/BOT?start=TOKEN``.
"""

import datetime as dt
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from chassis.schemas import Answer, Exact, FromText, ListQuery, Schema

PATH = "/api/v1/bot-links"
NOT_LINKED = "No account is linked to this chat."
LARGEST: Final = 2**53 - 1
"""Telegram's ids have at most 52 bits."""
LONGEST_TOKEN: Final = 64
"""Characters that Telegram passes on with /start; a token has all of them."""

_PURPOSE = b"bot link"
_ID_BYTES = 16

PrivateChat = Annotated[int, Field(ge=1, le=LARGEST)]
"""The number of a chat with one person, which is that of the person; groups have negative ones."""
Account = Annotated[str, Field(min_length=1, max_length=255)]
Roles = Annotated[list[Annotated[str, Field(min_length=1, max_length=255)]], Field(max_length=100)]


class BotLinkNew(Schema):
    """A link that waits for a chat."""

    account: Account
    roles: Roles
    """What the account may be, as its token said it when it asked."""
    ends_at: Annotated[AwareDatetime, Exact()]


class BotLinkChat(Schema):
    """The chat that a link is for."""

    chat: Annotated[PrivateChat, Exact()]
    ends_at: Annotated[AwareDatetime, Exact()]
    """When the account has to be linked again."""


class BotLinkRead(Answer):
    """A link as it is kept."""

    id: UUID
    account: str
    roles: list[str]
    chat: int | None
    """None while it waits."""
    ends_at: dt.datetime
    created_at: dt.datetime
    updated_at: dt.datetime
    version: int


class BotLinkQuery(ListQuery):
    """Which links a list shows."""

    sort: Literal["created_at", "-created_at"] = "-created_at"
    account: Annotated[Account, Exact()] | None = None
    chat: Annotated[Annotated[int, Exact()] | None, FromText()] = None


class LinkTokens:
    """Makes and reads tokens, by the key that all services of the system have.

    While it changes, ``also`` is the other one of the two: it reads tokens, and makes none.
    """

    def __init__(self, key: str, also: str = "") -> None:
        self._keys = [one for one in (key, also) if one]

    def of(self, link: UUID) -> str:
        """Make the token of a link; without a key there is none."""
        signed = link.bytes + _signature(self._keys[0], link) if self._keys else b""
        return urlsafe_b64encode(signed).decode()

    def read(self, token: str) -> UUID | None:
        """Give the link of a token; None for what none of the keys has signed."""
        try:
            signed = urlsafe_b64decode(token.encode("ascii"))
            link = UUID(bytes=signed[:_ID_BYTES])
        except ValueError:
            return None
        known = [_signature(key, link) for key in self._keys]
        right = [hmac.compare_digest(one, signed[_ID_BYTES:]) for one in known]
        return link if any(right) else None


def _signature(key: str, link: UUID) -> bytes:
    return hmac.digest(key.encode(), _PURPOSE + link.bytes, sha256)
