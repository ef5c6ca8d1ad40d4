"""What holds for a whole project: its paths, its features, and nothing of what is off."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache, cached_property
from types import ModuleType
from typing import Any

from tests.matrix import circles, compose, dependencies, documents, environment, features, papers
from tests.matrix.layers import Layers
from tests.matrix.renderer import Rendered
from tests.matrix.syntax import NOTHING, Code, code


@dataclass(frozen=True)
class Offence:
    """One thing that is wrong: with which answers, in which file, what."""

    combination: str
    path: str
    what: str

    def __str__(self) -> str:
        """Give it as one line."""
        return f"{self.combination}: {self.path}: {self.what}"


@dataclass(frozen=True)
class Facts:
    """What the checks of projects have to know of a file, found out once for each content."""

    # Layers that show in it, each with a word that only the layer brings.
    traces: frozenset[tuple[str, str]]
    # What a Python file imports and defines.
    code: Code


@dataclass(frozen=True)
class Trace:
    """Words that only a layer brings: that of a level, or of a module."""

    layer: str
    level: int
    module: str | None
    words: re.Pattern[str]

    @property
    def name(self) -> str:
        """What brings the words."""
        return f"module {self.module}" if self.module else f"level {self.level}"

    def belongs(self, level: int, chosen: list[str]) -> bool:
        """Tell whether a project has what the words speak of."""
        return self.level <= level and self.module in {None, *chosen}


class Catalog:
    """What the catalog says of the content of projects."""

    def __init__(self, rules: ModuleType) -> None:
        """Read the catalog of one version of the template."""
        self.rules = rules
        self.catalog: dict[str, Any] = rules.catalog()

    @cached_property
    def traces(self) -> list[Trace]:
        """Every word list."""
        return [_trace(layer, words) for layer, words in self.catalog["traces"].items()]

    @cached_property
    def layers(self) -> Layers:
        """Every layer but the lowest, with the files by which its features show."""
        levels = [f"level_{row['level']}" for row in self.catalog["levels"][1:]]
        rows = [*self.catalog["modules"], *self.catalog["providers"]]
        names = [*levels, *(row["name"] for row in rows)]
        shown: dict[str, list[str]] = {name: [] for name in names}
        for feature in self.catalog["features"]:
            own = {f"level_{feature['level']}", feature.get("module"), feature.get("provider")}
            for layer in own & shown.keys():
                shown[layer] += shown_by(feature)
        return Layers(shown)

    @cached_property
    def outlook(self) -> frozenset[str]:
        """The files that may speak of what is not there."""
        return frozenset(self.catalog["outlook"])

    def facts(self, path: str, content: bytes) -> Facts:
        """Find out what the checks of projects have to know of a file."""
        text = f"{path}\n{content.decode('utf-8', 'replace')}"
        traces = ((trace.layer, trace.words.search(text)) for trace in self.traces)
        return Facts(
            frozenset((layer, found[0]) for layer, found in traces if found),
            code(content.decode("utf-8", "replace")) if path.endswith(".py") else NOTHING,
        )

    def offences(
        self, rendered: Rendered, level: int, chosen: list[str], facts: Mapping[str, Facts]
    ) -> Iterator[tuple[str, str]]:
        """Say what is wrong with a project, of whose files the facts are known."""
        for path, sources in rendered.collisions.items():
            yield path, f"is written by more than one layer: {', '.join(sources)}"
        yield from _empty_folders(rendered)
        yield from self.shown(rendered, level, chosen, facts)
        yield from _unknown_packages(rendered)
        yield from self._lists(rendered)
        codes = {path: fact.code for path, fact in facts.items() if path.endswith(".py")}
        traces = {
            path: frozenset(layer for layer, _ in fact.traces) for path, fact in facts.items()
        }
        yield from self.layers.unnoticed(rendered, traces)
        yield from circles.circular(rendered, codes)
        yield from compose.unfounded(rendered)
        yield from dependencies.misdeclared(rendered, codes)
        yield from features.unlisted(rendered, codes)
        yield from environment.unmatched(rendered, codes)
        yield from documents.untrue(rendered)
        yield from papers.untold(rendered)

    def shown(
        self, rendered: Rendered, level: int, chosen: list[str], facts: Mapping[str, Facts]
    ) -> Iterator[tuple[str, str]]:
        """What is on shows, and what is off does not."""
        yield from self._features(rendered, level, chosen)
        yield from self._foreign(rendered, level, chosen, facts)

    def _features(
        self, rendered: Rendered, level: int, chosen: list[str]
    ) -> Iterator[tuple[str, str]]:
        """A feature shows if and only if the catalog says that it is there."""
        there = self.rules.features(level, chosen)
        for feature in self.catalog["features"]:
            on = feature in there
            for pattern in shown_by(feature):
                found = _first(rendered, pattern)
                if on and found is None:
                    yield pattern, f"is missing, but the feature {feature['name']!r} is on"
                if not on and found is not None:
                    yield found, f"belongs to the feature {feature['name']!r}, which is off"
            for path, line in feature.get("lines", {}).items():
                if (line in rendered.text(path)) is not on:
                    state = "on" if on else "off"
                    yield (
                        path,
                        f"{line!r} must be there if and only if {feature['name']!r} is {state}",
                    )

    def _foreign(
        self, rendered: Rendered, level: int, chosen: list[str], facts: Mapping[str, Facts]
    ) -> Iterator[tuple[str, str]]:
        off = {t.layer: t.name for t in self.traces if not t.belongs(level, chosen)}
        for path in rendered.files.keys() - self.outlook:
            for layer, word in facts[path].traces:
                if layer in off:
                    yield path, f"mentions {word!r}, which only {off[layer]} brings"

    def _lists(self, rendered: Rendered) -> Iterator[tuple[str, str]]:
        """The project's own lists of files name each file once, with its owner."""
        for path, owner in (
            (self.rules.SEEDS_FILE, "yours"),
            (self.rules.TEMPLATE_FILE, "template"),
        ):
            listed = {line for line in rendered.text(path).splitlines() if not line.startswith("#")}
            wanted = {name for name in rendered.files if self.rules.owner(name) == owner}
            for name in sorted(listed ^ wanted):
                yield path, f"{name} is {'listed' if name in listed else 'not listed'}"


def _trace(layer: str, words: list[str]) -> Trace:
    """The word list of a layer: `level_3`, or the name of a module."""
    kind, _, number = layer.partition("_")
    pattern = re.compile("|".join(words), re.IGNORECASE)
    if kind == "level":
        return Trace(layer, int(number), None, pattern)
    return Trace(layer, 1, layer, pattern)


def shown_by(feature: Mapping[str, Any]) -> list[str]:
    """The files by which a feature shows; that of a module is in the module's folder."""
    if "files" in feature or "lines" in feature:
        return list(feature.get("files", []))
    if "module" in feature and feature.get("level", 1) == 1:
        return [f"modules/{feature['module']}/**"]
    return []


def _first(rendered: Rendered, pattern: str) -> str | None:
    """The first path that matches a pattern; `*` may span folders."""
    return next((path for path in rendered.files if fnmatchcase(path, pattern)), None)


def _empty_folders(rendered: Rendered) -> Iterator[tuple[str, str]]:
    filled = {
        "/".join(parts[:depth])
        for parts in (path.split("/") for path in rendered.files)
        for depth in range(1, len(parts))
    }
    for folder in sorted(rendered.folders - filled):
        yield folder, "is a folder without files"


def _unknown_packages(rendered: Rendered) -> Iterator[tuple[str, str]]:
    """Ruff knows where the packages of all workspace members are, or it would sort imports wrong."""
    places = _places(rendered.text("pyproject.toml"))
    for path in rendered.files:
        folder, src, _ = path.partition("/src/")
        is_member = bool(src) and f"{folder}/pyproject.toml" in rendered.files
        if is_member and not any(fnmatchcase(f"{folder}/src", place) for place in places):
            yield "pyproject.toml", f"ruff's src has no place for {folder}/src"
            return


@cache
def _places(text: str) -> tuple[str, ...]:
    return tuple(tomllib.loads(text)["tool"]["ruff"]["src"])
