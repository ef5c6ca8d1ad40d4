"""What holds for all that services exchange, in whatever package of the chassis it is declared."""

import importlib.util
import pkgutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, TypeAliasType, get_args, get_origin

from pydantic import BaseModel, TypeAdapter

from chassis.schemas import Schema


@cache
def modules(text: str) -> list[ModuleType]:
    """Import the modules of the chassis and of its packages that hold a text: others cost time."""
    packages = [one.name for one in pkgutil.iter_modules() if one.name.startswith("chassis")]
    found = []
    for package in packages:
        origin = importlib.util.find_spec(package)
        for place in origin.submodule_search_locations if origin else ():
            for file in sorted(Path(place).rglob("*.py")):
                if text in file.read_text():
                    parts = file.relative_to(place).with_suffix("").parts
                    name = ".".join([package, *parts]).removesuffix(".__init__")
                    found.append(importlib.import_module(name))
    return found


@cache
def readings() -> list[type[Schema]]:
    """Give the classes by which answers of another service are read."""
    found = {
        value
        for module in modules("Read(")
        # Beside its routes stands what only they answer with.
        if not module.__name__.endswith(".routes")
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, Schema)
        and value.__module__ == module.__name__
        and value.__name__.endswith("Read")
    }
    return sorted(found, key=lambda one: one.__name__)


def parts(kind: Any) -> Iterator[Any]:
    """Give a type and all those that it is made of."""
    yield kind
    if isinstance(kind, TypeAliasType):
        yield from parts(kind.__value__)
    elif get_origin(kind) is not Literal:
        for part in get_args(kind):
            yield from parts(part)


def refused(model: type[BaseModel]) -> Iterator[str]:
    """Say what a class refuses that a later version of it may hold."""
    if model.model_config.get("extra") != "ignore":
        yield f"{model.__name__} refuses a field that it does not know: it is no Answer"
    for name, info in model.model_fields.items():
        inner = [*parts(info.annotation)]
        if any(get_origin(part) is Literal for part in inner):
            try:
                TypeAdapter[Any](info.annotation).validate_python("of a later version")
            except ValueError:
                yield f"{model.__name__}.{name} refuses a choice that it does not know"
        for part in inner:
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from refused(part)


def test_whoever_reads_is_as_tolerant_as_a_later_version_needs() -> None:
    assert not [one for model in readings() for one in refused(model)]
