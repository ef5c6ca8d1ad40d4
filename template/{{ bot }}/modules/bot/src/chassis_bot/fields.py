"""What a dialogue asks for: the fields of what a new record is made of, each with its type."""

import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import (
    Annotated,
    Any,
    Literal,
    TypeAliasType,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from pydantic import BaseModel, TypeAdapter, ValidationError

from chassis.exact import parse
from chassis.schemas.values import from_text

YES, NO = "yes", "no"
HINTS = {"date": "date", "datetime": "time", "Decimal": "number", "int": "whole"}


class WrongAnswerError(Exception):
    """An answer is not what the field takes; the text says why."""


@dataclass(frozen=True, slots=True)
class Question:
    """One field."""

    name: str
    required: bool
    adapter: TypeAdapter[Any]
    kind: type
    choices: tuple[str, ...] = ()
    """Offered as buttons."""
    reference: str | None = None
    """The plural of the collection from whose list it is chosen."""

    def read(self, text: str) -> Any:
        """Give the value that a text stands for, as JSON has it; raises WrongAnswerError."""
        try:
            value = self.adapter.validate_python(self._raw(text.strip()))
        except ValidationError as error:
            raise WrongAnswerError(_why(error)) from None
        return self.adapter.dump_python(value, mode="json")

    def _raw(self, text: str) -> Any:
        if self.kind is bool:
            return {YES: True, NO: False}.get(text.lower(), text)
        if self.kind is int:
            return from_text(text)
        if self.kind is dict:
            try:
                return parse(text.encode())
            except ValueError:
                raise WrongAnswerError('must be a JSON object such as {"a": 1}') from None
        return text


def questions(new: type[BaseModel], references: Mapping[str, str]) -> list[Question]:
    """Give the questions for a new record, in the order of its fields."""
    hints = get_type_hints(new, include_extras=True)
    return [
        _question(name, hints[name], required=field.is_required(), reference=references.get(name))
        for name, field in new.model_fields.items()
    ]


def _question(name: str, hint: Any, *, required: bool, reference: str | None) -> Question:
    plain = _plain(hint)
    if get_origin(plain) is Literal:
        kind, choices = str, tuple(map(str, get_args(plain)))
    else:
        kind = get_origin(plain) or plain
        choices = (YES, NO) if kind is bool else ()
    return Question(name, required, TypeAdapter(hint), kind, choices, reference)


def _plain(hint: Any) -> Any:
    """Take the limits and the `None` off a type."""
    if isinstance(hint, TypeAliasType):
        return _plain(hint.__value__)
    if get_origin(hint) is Annotated:
        return _plain(get_args(hint)[0])
    if get_origin(hint) in {Union, types.UnionType}:
        return _plain(next(one for one in get_args(hint) if one is not type(None)))
    return hint


def _why(error: ValidationError) -> str:
    """Say it so that the name of the field can stand before it."""
    text = error.errors(include_url=False, include_input=False)[0]["msg"]
    for lead in ("Value error, ", "Input ", "String ", "Value "):
        text = text.removeprefix(lead)
    return text
