"""Collections as they are declared in code: what documents must have, and by what they are found."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

ASCENDING, DESCENDING = 1, -1

type Keys = Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Index:
    """Fields by which documents are found; ``name`` stays, whatever they become."""

    name: str
    keys: Keys
    unique: bool = False


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection; ``make migrate`` makes it, and makes it what it is here."""

    name: str
    validator: Mapping[str, Any]
    """A ``$jsonSchema`` that every document must keep to."""
    indexes: Sequence[Index] = field(default=())
    kept_for: dt.timedelta | None = None
    """How long after ``at`` a document is removed; None keeps it for ever."""
