"""Pieces of which the data that services exchange is made."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema

from chassis.schemas.exact import Exact, FromText
from chassis.schemas.fields import NotNull, Url, not_null
from chassis.schemas.values import written_out

__all__ = [
    "Answer",
    "Exact",
    "FromText",
    "ListQuery",
    "NotNull",
    "Page",
    "Schema",
    "Url",
    "not_null",
]

MAX_CURSOR_LENGTH = 512


class Schema(BaseModel):
    """Data that services exchange: a field that is not declared is an error."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Leave out no digit in JSON."""
        return written_out(handler(source))


class Answer(Schema):
    """Data that a service answers with.

    Whoever reads it leaves out what only a later version has in it: while services are replaced,
    the reader may be the older one. For the same reason a choice is ``State | str``.
    """

    model_config = ConfigDict(extra="ignore")


class Page[T](Answer):
    """A part of a list; ``next_cursor`` asks for the part after it, None says it is the last."""

    items: list[T]
    next_cursor: str | None = None

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """Name a page in the documentation, and in clients that are made from it."""
        (item,) = params
        return f"PageOf{item.__name__}" if hasattr(item, "__name__") else f"PageOf{item}"


class ListQuery(Schema):
    """What every list can be asked for.

    A subclass narrows ``sort`` to a Literal of column names, with and without a minus for
    descending, and adds its filters: a field named as a column asks for equality, one named
    ``<column>_min`` or ``<column>_max`` for a range with its bound.
    """

    limit: Annotated[int, Field(strict=True, ge=1, le=100), FromText()] = 20
    cursor: str | None = Field(default=None, max_length=MAX_CURSOR_LENGTH)
    sort: str = "-created_at"
