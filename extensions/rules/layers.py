"""What templates know by name besides the answers: which layers are on, what services are called.

A layer is `.` where it is on and empty where it is off: as a part of a path, `.` adds nothing and
an empty part drops what is below. Jinja asks for such a name when a template reads it. So a module
brings its names by its manifest alone.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any

from jinja2.runtime import Context
from jinja2.utils import missing

from .catalog import catalog
from .selection import brought
from .selection import layers as layers_of

Answer = Callable[[str], Any]


class Names:
    """The names that follow from one catalog."""

    def __init__(self, catalog: Mapping[str, Any]) -> None:
        """Read which layers and services there may be."""
        self._levels = {f"level_{row['level']}": row["level"] for row in catalog["levels"]}
        rows = (*catalog["modules"], *catalog["providers"])
        self._optional = {*(row["name"] for row in rows), *catalog["absent"]}
        self._services = {row["variable"]: row["called"] for row in catalog["services"]}
        self.all = frozenset(self._levels.keys() | self._optional | self._services.keys())

    def value(self, name: str, answer: Answer) -> str:
        """Give the value of one of them, which the answers decide."""
        if name in self._levels:
            return "." if answer("level") >= self._levels[name] else ""
        if name in self._optional:
            return "." if name in answer("chosen") else ""
        product = "_".join(filter(None, map(answer, ("context", "domain", "function"))))
        called: str = self._services[name].format(context=answer("context"), product=product)
        return called


@functools.cache
def _names() -> Names:
    return Names(catalog())


def derived(answers: Mapping[str, Any]) -> dict[str, str]:
    """Give every such name with its value; `chosen` is among the answers."""
    return {name: _names().value(name, answers.__getitem__) for name in _names().all}


def service_names(answers: Mapping[str, Any]) -> list[str]:
    """Give the names of the services that answers bring, that of the business API first."""
    chosen = layers_of(answers)
    known = {"function": "", **answers, "chosen": chosen}
    own = brought(catalog()["services"], answers["level"], chosen)
    own.sort(key=lambda service: service["kind"] != "business")
    return [_names().value(service["variable"], known.__getitem__) for service in own]


def knowing(base: type[Context]) -> type[Context]:
    """Give a context that knows them too; an answer that decides one may not be there yet."""

    class Knowing(base):  # type: ignore[misc, valid-type]
        """Works a name out that it does not find among the answers."""

        def resolve_or_missing(self, key: str) -> Any:
            found = super().resolve_or_missing(key)
            if found is not missing or key not in _names().all:
                return found
            try:
                return _names().value(key, self._answer)
            except LookupError:
                return missing

        def _answer(self, name: str) -> Any:
            found = super().resolve_or_missing(name)
            if found is missing:
                raise LookupError(name)
            return found

    return Knowing
