"""Pieces of which the data that services exchange is made."""

from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    HttpUrl,
    TypeAdapter,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, ValidationError, core_schema

MAX_CURSOR_LENGTH = 512
MAX_URL_LENGTH = 2083

_http_url = TypeAdapter(HttpUrl)


class Schema(BaseModel):
    """Data that services exchange: a field that is not declared is an error."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


class Page[T](Schema):
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

    limit: int = Field(default=20, ge=1, le=100)
    cursor: str | None = Field(default=None, max_length=MAX_CURSOR_LENGTH)
    sort: str = "-created_at"


def not_null[T](value: T | None) -> T:
    """Refuse null in a field that may be left out: ``field_validator("title")(not_null)``."""
    if value is None:
        msg = "must not be null"
        raise ValueError(msg)
    return value


class NotNull:
    """Says so in the type: ``title: Annotated[str | None, NotNull()] = None``.

    The field may be left out, null is refused, and OpenAPI does not offer it.
    """

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_before_validator_function(not_null, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        described = handler(schema)
        kinds = [kind for kind in described.pop("anyOf", []) if kind != {"type": "null"}]
        if len(kinds) == 1:
            return {**described, **kinds[0]}
        return {**described, "anyOf": kinds} if kinds else described


def _check_url(value: str) -> str:
    try:
        _http_url.validate_python(value)
    except ValidationError:
        value = ""
    if not value or not value.isprintable() or " " in value:
        msg = "must be an http or https URL"
        raise ValueError(msg)
    return value


Url = Annotated[
    str,
    Field(max_length=MAX_URL_LENGTH),
    AfterValidator(_check_url),
    WithJsonSchema({"type": "string", "format": "uri", "maxLength": MAX_URL_LENGTH}),
]
"""The text of an http or https URL, kept as it was written."""
