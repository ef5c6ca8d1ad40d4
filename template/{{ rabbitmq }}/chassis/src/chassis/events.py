"""Events: what happened to a record, as services tell each other.

An event is a class with a type, a version and data; a project declares its own by table, in
``shared.events``. What a version of an event holds is a contract with all who read it: a change
that breaks them, such as a field that goes, needs a new version.
"""

import datetime as dt
from collections.abc import Mapping
from types import NoneType
from typing import Any, ClassVar, Literal, get_args
from uuid import UUID, uuid4

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidatorFunctionWrapHandler,
    field_validator,
)

type Kind = Literal["add", "change", "remove"]


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Event(BaseModel):
    """Something that happened; a subclass fixes ``type`` and ``version`` as Literals.

    Readers are tolerant: fields that they do not know are left out, and a field of ``data`` that
    may be null is null where an older publisher did not send it.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    kind: ClassVar[Kind]
    """The kind of write that it follows."""

    id: UUID = Field(default_factory=uuid4)
    """Of what happened: whoever is told twice, or in two versions, can tell by this."""
    type: str
    version: int
    occurred_at: AwareDatetime = Field(default_factory=_now)
    subject: UUID
    """The record that it happened to."""

    @classmethod
    def routing_key(cls) -> str:
        """Name this version of the event, ``task.created.v1``: by that its readers ask for it."""
        fields = cls.model_fields
        return f"{fields['type'].default}.v{fields['version'].default}"

    @classmethod
    def happened(cls, _given: Mapping[str, Any]) -> bool:
        """Tell from the values that a write has set whether this is what happened."""
        return True

    @field_validator("data", mode="wrap", check_fields=False)
    @classmethod
    def _read_tolerantly(cls, value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        model = cls.model_fields["data"].annotation
        if not isinstance(value, Mapping) or not isinstance(model, type(BaseModel)):
            return handler(value)
        return model.model_validate({**_absent(model), **value}, extra="ignore")


def _absent(model: type[BaseModel]) -> dict[str, None]:
    """Give what stands for fields that an older publisher did not know."""
    return {
        field.alias or name: None
        for name, field in model.model_fields.items()
        if field.is_required() and NoneType in get_args(field.annotation)
    }


class Created(Event):
    """A record was stored; ``data`` is the record."""

    kind: ClassVar[Kind] = "add"


class Updated(Event):
    """A record was changed; ``data`` is the record as it is since then."""

    kind: ClassVar[Kind] = "change"


class Deleted(Event):
    """A record was removed."""

    kind: ClassVar[Kind] = "remove"
