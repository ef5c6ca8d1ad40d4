"""Types of single fields."""

from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    HttpUrl,
    TypeAdapter,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, ValidationError, core_schema

MAX_URL_LENGTH = 2048

_http_url = TypeAdapter(HttpUrl)


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
