"""What is read from Python files, by an older Python than theirs too."""

import sys

import pytest

from tests.matrix import syntax

TEXT = """
import a.b, c as d
from e.f import g
from importlib import import_module
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from only.types import T
class Settings[X](BaseSettings):
    address: str = "postgresql+driver://host"
    path: int = 1
class Other:
    field: int
FEATURES: list[object] = [g, d]
def install(host: Host, settings: object) -> None:
    import_module("h.i")
"""


def test_what_a_file_imports_and_defines_is_read() -> None:
    found = syntax.code(TEXT)

    plain = {"a.b", "c", "e.f", "e.f.g", "h.i", "importlib", "typing"}
    assert plain | {"only.types", "only.types.T"} <= found.imports
    assert plain | {"driver"} <= found.loaded
    assert not {"only.types", "only.types.T"} & found.loaded
    assert "driver" not in found.imports
    assert {"g", "d", "Settings", "FEATURES", "install"} <= found.names
    assert (found.bound["g"], found.bound["d"]) == ("e.f.g", "c")
    assert found.listed == ("g", "d")
    assert found.settings == (
        syntax.SettingsClass("Settings", ("BaseSettings",), ("address", "path")),
    )
    assert found.installs_in == "Host"


def test_what_does_not_parse_has_nothing() -> None:
    assert syntax.code("def broken(:\n") == syntax.NOTHING


def test_an_older_python_asks_a_newer_one(monkeypatch: pytest.MonkeyPatch) -> None:
    here = syntax.code(TEXT)
    monkeypatch.setattr(sys, "version_info", (3, 11))

    assert syntax.code(TEXT) == here
    assert syntax.code("def broken(:\n") == syntax.NOTHING
