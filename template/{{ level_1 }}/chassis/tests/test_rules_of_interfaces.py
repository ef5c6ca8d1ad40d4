"""What holds for all that services exchange, in whatever package of the chassis it is declared."""

import datetime as dt
import importlib.util
import inspect
import pkgutil
from collections.abc import Iterator
from functools import cache
from math import isfinite
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Literal, TypeAliasType, get_args, get_origin

from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import AwareDatetime, BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from chassis.exact import LARGEST_WHOLE
from chassis.schemas import Schema
from chassis.schemas.values import FIRST, LAST


@cache
def modules(text: str) -> list[ModuleType]:
    """Import the modules of the chassis and of its packages that hold a text: others cost time."""
    packages = [one.name for one in pkgutil.iter_modules() if one.name.startswith("chassis")]
    found = []
    for package in packages:
        origin = importlib.util.find_spec(package)
        for place in (origin and origin.submodule_search_locations) or ():
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
        kind: Any = info.annotation
        inner = [*parts(kind)]
        if any(get_origin(part) is Literal for part in inner):
            try:
                TypeAdapter[Any](kind).validate_python("of a later version")
            except ValueError:
                yield f"{model.__name__}.{name} refuses a choice that it does not know"
        for part in inner:
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from refused(part)


def test_whoever_reads_is_as_tolerant_as_a_later_version_needs() -> None:
    assert not [one for model in readings() for one in refused(model)]


HOSTILE = ("a\0b", "x" * 100_000, "nan", "inf", "1e999", "9" * 40, "0", "0001-01-01", "9999-12-31")
HOSTILE_TIMES = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-01-31T12:00:00")
LONGEST = 32_768
"""Characters; a server takes no longer address."""


@cache
def routes() -> list[APIRoute]:
    """Give all routes that are declared."""
    routers = {
        id(value): value
        for module in modules("APIRouter(")
        for value in vars(module).values()
        if isinstance(value, APIRouter)
    }
    return [
        route
        for router in routers.values()
        for route in router.routes
        if isinstance(route, APIRoute)
    ]


def parameters(dependant: Dependant) -> Iterator[tuple[str, Any]]:
    """Give the names and types of what stands in the address and in headers."""
    for one in (
        *dependant.path_params,
        *dependant.query_params,
        *dependant.header_params,
        *dependant.cookie_params,
    ):
        kind = one.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            for name, info in kind.model_fields.items():
                yield name, typed(info)
        else:
            yield one.name, typed(one.field_info)
    for inner in dependant.dependencies:
        yield from parameters(inner)


def fields(kind: Any) -> Iterator[tuple[str, Any]]:
    """Give the names and types of what stands in a body."""
    for part in parts(kind):
        if isinstance(part, type) and issubclass(part, BaseModel):
            for name, info in part.model_fields.items():
                yield f"{part.__name__}.{name}", typed(info)
                yield from fields(info.annotation)


def typed(info: FieldInfo) -> Any:
    kind: Any = info.annotation
    for one in info.metadata:
        kind = Annotated[kind, one]
    return kind


def taken(kind: Any) -> Iterator[str]:
    """Give what a type takes of what no database, clock or log can take."""
    adapter = TypeAdapter[Any](kind)
    for text in (*HOSTILE, *HOSTILE_TIMES):
        try:
            value = adapter.validate_python(text)
        except ValueError:
            continue
        number_for_day = isinstance(value, dt.date) and "-" not in text
        if number_for_day or is_odd(value):
            yield text[:40]


def is_odd(value: Any) -> bool:
    match value:
        case str():
            return "\0" in value or len(value) > LONGEST
        case float():
            return not isfinite(value)
        case int():
            return abs(value) > LARGEST_WHOLE
        case dt.datetime():
            return value.tzinfo is None or not FIRST <= value.date() <= LAST
        case dt.date():
            return not FIRST <= value <= LAST
    return False


def test_no_parameter_takes_what_cannot_be_looked_for() -> None:
    assert not [
        f"{route.path}: {name} takes {text!r}"
        for route in routes()
        for name, kind in parameters(route.dependant)
        if name != "cursor"  # whoever wrote it knows it again
        for text in taken(kind)
    ]


def test_no_body_takes_a_moment_that_cannot_be_kept() -> None:
    bodies = [
        one.field_info.annotation for route in routes() for one in route.dependant.body_params
    ]

    assert not [
        f"{name} takes {text!r}"
        for name, kind in {name: kind for body in bodies for name, kind in fields(body)}.items()
        if any(part in {float, dt.date, dt.datetime, AwareDatetime} for part in parts(kind))
        for text in taken(kind)
    ]


def test_whoever_makes_something_says_where_it_is() -> None:
    made = [route for route in routes() if route.methods == {"POST"} and route.status_code == 201]

    assert not [
        route.path
        for route in made
        if '.headers["Location"] = ' not in inspect.getsource(route.endpoint)
    ]
