"""What holds for a whole project: its paths, its features, and nothing of what is off."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache, cached_property
from types import ModuleType
from typing import Any

from tests.matrix.contents import parsed_yaml
from tests.matrix.dependencies import imported, undeclared
from tests.matrix.documents import untrue
from tests.matrix.renderer import Rendered


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

    # Words that only a level or a module brings, with the name of what brings them.
    traces: frozenset[tuple[str, str]]
    # The packages that a Python file imports.
    imports: frozenset[str]


@dataclass(frozen=True)
class Trace:
    """Words that only a level or a module brings."""

    name: str
    level: int
    module: str | None
    words: re.Pattern[str]

    def belongs(self, level: int, modules: list[str]) -> bool:
        """Tell whether a project has what the words speak of."""
        return self.level <= level and self.module in {None, *modules}


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
    def outlook(self) -> frozenset[str]:
        """The files that may speak of what is not there."""
        return frozenset(self.catalog["outlook"])

    def facts(self, path: str, content: bytes) -> Facts:
        """Find out what the checks of projects have to know of a file."""
        text = f"{path}\n{content.decode('utf-8', 'replace')}"
        traces = ((trace.name, trace.words.search(text)) for trace in self.traces)
        return Facts(
            frozenset((name, found[0]) for name, found in traces if found),
            imported(content) if path.endswith(".py") else frozenset(),
        )

    def offences(
        self, rendered: Rendered, level: int, modules: list[str], facts: Mapping[str, Facts]
    ) -> Iterator[tuple[str, str]]:
        """Say what is wrong with a project, of whose files the facts are known."""
        for path, sources in rendered.collisions.items():
            yield path, f"is written by more than one layer: {', '.join(sources)}"
        yield from _empty_folders(rendered)
        yield from self._features(rendered, level, modules)
        yield from self._foreign(rendered, level, modules, facts)
        yield from _broken_includes(rendered)
        yield from _unknown_packages(rendered)
        yield from self._lists(rendered)
        yield from undeclared(rendered, {path: fact.imports for path, fact in facts.items()})
        yield from untrue(rendered)

    def _features(
        self, rendered: Rendered, level: int, modules: list[str]
    ) -> Iterator[tuple[str, str]]:
        """A feature shows if and only if the catalog says that it is there."""
        there = self.rules.features(level, modules)
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
        self, rendered: Rendered, level: int, modules: list[str], facts: Mapping[str, Facts]
    ) -> Iterator[tuple[str, str]]:
        off = {trace.name for trace in self.traces if not trace.belongs(level, modules)}
        for path in rendered.files.keys() - self.outlook:
            for name, word in facts[path].traces:
                if name in off:
                    yield path, f"mentions {word!r}, which only {name} brings"

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
        return Trace(f"level {number}", int(number), None, pattern)
    return Trace(f"module {layer}", 1, layer, pattern)


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


def _broken_includes(rendered: Rendered) -> Iterator[tuple[str, str]]:
    """Every file that a Compose file includes is there."""
    document = parsed_yaml(rendered.text("docker-compose.yml"))
    for entry in document.get("include", []):
        files = entry if isinstance(entry, str) else entry["path"]
        for file in [files] if isinstance(files, str) else files:
            if file not in rendered.files:
                yield "docker-compose.yml", f"includes {file}, which is not there"


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
