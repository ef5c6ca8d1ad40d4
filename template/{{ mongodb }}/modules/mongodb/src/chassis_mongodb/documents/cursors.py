"""Where a page of documents ends, as a text that the next one begins with."""

from base64 import b64decode, urlsafe_b64encode
from typing import Annotated, NamedTuple
from uuid import UUID

from pydantic import Field, TypeAdapter

from chassis.problems import Invalid

BAD_CURSOR = "Must be a next_cursor of this list, asked for in the same order."


class Position(NamedTuple):
    """The order of the list, and the last document that was shown: its moment and its id."""

    sort: str
    moment: Annotated[int, Field(ge=-(2**63), lt=2**63)]
    id: UUID


_positions = TypeAdapter(Position)


def packed(position: Position) -> str:
    """Write a position."""
    return urlsafe_b64encode(_positions.dump_json(position)).rstrip(b"=").decode()


def unpacked(cursor: str, sort: str) -> Position:
    """Read a position; raises Invalid if it was not written by a list in this order."""
    try:
        text = b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        position = _positions.validate_json(text)
    except ValueError as error:  # pydantic's errors are ValueErrors too
        raise Invalid(BAD_CURSOR, field="cursor") from error
    if position.sort != sort:
        raise Invalid(BAD_CURSOR, field="cursor")
    return position
