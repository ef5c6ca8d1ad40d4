"""Everything that is wrong with a set of answers, all at once."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from jsonschema import Draft202012Validator

from ..catalog import plain_schema
from .availability import availability
from .derived import colliding_classes, hidden_names, relation_names
from .identity import function_needs_reason, service_names
from .limits import field_limits
from .names import entity_names, field_names
from .problem import Problem
from .references import references
from .requirements import operations, requirement_ids
from .schema_errors import in_words, one_a_path
from .sound import sound


def problems(answers: Mapping[str, Any], *, complete: bool = True) -> list[Problem]:
    """List everything that is wrong with the answers, in the order of the schema.

    With `complete=False` missing answers are not counted: only what is there is checked.
    """
    shape = [
        error
        for error in Draft202012Validator(plain_schema()).iter_errors(dict(answers))
        if complete or error.validator != "required" or error.absolute_path
    ]
    shape.sort(key=lambda error: error.validator != "type")
    found = one_a_path(problem for error in shape for problem in in_words(error))
    readable = sound(answers, shape)
    for rule in RULES:
        found.extend(p for p in rule(readable.answers) if readable.says(p.path))
    order = list(plain_schema()["properties"])
    return sorted(dict.fromkeys(found), key=lambda problem: _position(problem.path, order))


def _position(path: str, order: Sequence[str]) -> int:
    head = re.split(r"[.\[]", path, maxsplit=1)[0]
    return order.index(head) if head in order else -1


RULES = (
    availability,
    function_needs_reason,
    service_names,
    requirement_ids,
    operations,
    entity_names,
    hidden_names,
    colliding_classes,
    relation_names,
    field_names,
    field_limits,
    references,
)
