import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Project:
    """What the documentation of every service says about the project."""

    description: str
    contact: dict[str, str]
    license: dict[str, str]
    services: dict[str, str]
    tags: dict[str, str]


@cache
def read_project() -> Project:
    """Read project.toml, which is beside this module."""
    text = (files(__package__) / "project.toml").read_text(encoding="utf-8")
    return Project(**tomllib.loads(text))
