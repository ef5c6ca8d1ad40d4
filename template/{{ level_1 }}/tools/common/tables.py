"""Typed reading of the TOML files of this folder, with errors that name the place."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.common import UsageError

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_.]*)\}")


@dataclass(frozen=True)
class Table:
    """One table of a TOML file; `place` is what error messages call it."""

    place: str
    values: Mapping[str, object]

    def get[T](self, key: str, kind: type[T], default: T | None = None) -> T:
        """Return a value of the given kind; without a default it must be there."""
        value = self.values.get(key, default)
        if value is None:
            raise UsageError(f"{self.place}: must contain {key}")
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise UsageError(f"{self.place}: {key} must be of type {kind.__name__}, got: {value!r}")
        return value

    def number(self, key: str, default: float | None = None) -> float:
        """Return a number, which TOML may write with or without a decimal point."""
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UsageError(f"{self.place}: {key} must be a number, got: {value!r}")
        return value

    def words(self, key: str) -> tuple[str, ...]:
        """Return a list of strings, empty when it is not there."""
        items: list[object] = self.get(key, list, [])
        if wrong := [item for item in items if not isinstance(item, str)]:
            raise UsageError(f"{self.place}: {key} must hold strings only, got: {wrong[0]!r}")
        return tuple(map(str, items))

    def texts(self, key: str) -> dict[str, str]:
        """Return a table of strings, empty when it is not there."""
        table = Table(f"{self.place}.{key}", self.get(key, dict, {}))
        return {name: table.get(name, str) for name in table.values}

    def pattern(self, text: str) -> re.Pattern[str]:
        """Compile a regular expression that matches line by line."""
        try:
            return re.compile(text, re.MULTILINE)
        except re.error as error:
            message = f"{self.place}: not a regular expression: {text!r} ({error})"
            raise UsageError(message) from error

    def table(self, key: str) -> "Table":
        """Return the table below this one, empty when it is not there."""
        return Table(f"{self.place}.{key}", self.get(key, dict, {}))

    def tables(self) -> Iterator[tuple[str, "Table"]]:
        """Return each table below this one, in the file's order."""
        return ((name, self.table(name)) for name in self.values)

    def allow(self, *known: str) -> None:
        """Refuse keys nobody reads: most of them are misspelt."""
        if unknown := sorted(set(self.values) - set(known)):
            names = ", ".join(known)
            raise UsageError(f"{self.place}: unknown key {unknown[0]}; known keys: {names}")


def load(path: Path) -> Table:
    """Read a TOML file as one table."""
    try:
        return Table(path.name, tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise UsageError(f"{path} is missing; run this from the project's root") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: not valid TOML: {error}") from error


def mentioned(text: str) -> set[str]:
    """Return the names that `fill` would look up."""
    return set(_PLACEHOLDER.findall(text))


def fill(text: str, values: Mapping[str, str], place: str) -> str:
    """Replace `{name}` by its value; other braces, such as those of JSON, stay."""

    def replaced(match: re.Match[str]) -> str:
        if (name := match[1]) not in values:
            known = ", ".join(sorted(values))
            raise UsageError(f"{place}: nothing is called {{{name}}}; known names: {known}")
        return values[name]

    return _PLACEHOLDER.sub(replaced, text)
