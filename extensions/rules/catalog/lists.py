"""The lists that layers add to: whose an entry is, and in which order the entries stand."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .manifests import LEVEL, CatalogError, Layer, meant

ANCHORS = ("after", "before")
# What a part of a manifest may say besides the entries of lists.
OF_PARTS = ("behaviour", "with")


@dataclass(frozen=True)
class Entry:
    """An entry of a list: what tells it from others, which layers it needs, and where it stands."""

    names: tuple[str, ...]
    file: str
    needs: frozenset[str]
    row: Any
    anchors: Mapping[str, str]


def entries(
    layer: Layer, known: Mapping[str, str], lists: Mapping[str, Any]
) -> Iterator[tuple[str, Entry]]:
    """Give what a manifest adds, with the list that it adds it to; `known` says what a layer is."""
    for needs, part in _parts(layer, layer.content, (layer.name,), known, lists):
        for kind in lists:
            for row in part.get(kind, ()):
                yield kind, _entry(layer, needs, row, known, lists[kind])


def behaviour(
    layer: Layer, known: Mapping[str, str], lists: Mapping[str, Any]
) -> Iterator[tuple[frozenset[str], str]]:
    """Give what will behave differently, with the layers that it takes."""
    for needs, part in _parts(layer, layer.content, (layer.name,), known, lists):
        for line in part.get("behaviour", ()):
            if not isinstance(line, str):
                raise CatalogError(f"{layer.file}: behaviour must be texts, not {line}: quote it")
            yield frozenset(needs), line


def _parts(
    layer: Layer,
    part: Mapping[str, Any],
    needs: tuple[str, ...],
    known: Mapping[str, str],
    lists: Mapping[str, Any],
) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """Give a manifest, then each part of it that needs other layers too."""
    yield needs, part
    for other, inner in part.get("with", {}).items():
        # A layer that is not there is none to complain about, but a misspelt one is.
        if other not in known and (close := meant(other, known)):
            raise CatalogError(f"{layer.file}: {other!r} is no layer{close}")
        for key in inner:
            if key not in lists and key not in OF_PARTS:
                close = meant(key, lists)
                raise CatalogError(f"{layer.file}: {key!r} is no list, below `with`{close}")
        yield from _parts(layer, inner, (*needs, other), known, lists)


def _entry(
    layer: Layer,
    needs: tuple[str, ...],
    row: Any,
    known: Mapping[str, str],
    rule: Mapping[str, Any],
) -> Entry:
    if not isinstance(row, dict):
        return Entry((row,), layer.file, frozenset(needs), row, {})
    said = row.get(rule.get("name"), ())
    kept = {key: value for key, value in row.items() if key not in ANCHORS}
    numbers = [int(found[1]) for name in needs if (found := LEVEL.fullmatch(name))]
    providers = [name for name in needs if known.get(name) == "provider"]
    modules = [name for name in needs if name not in providers and not LEVEL.fullmatch(name)]
    kept["level"] = max(numbers, default=1)
    kept |= {"module": modules[0]} if modules else {}
    kept |= {"with": modules[1:]} if modules[1:] else {}
    kept |= {"provider": providers[0]} if providers else {}
    return Entry(
        (said,) if isinstance(said, str) else tuple(said),
        layer.file,
        frozenset(needs),
        kept,
        {key: row[key] for key in ANCHORS if key in row},
    )


def listed(
    found: Iterable[Entry],
    rule: Mapping[str, Any],
    brought: Mapping[str, frozenset[str]],
) -> list[Any]:
    """Put a list in order, without what needs a layer that is not there."""
    own = [entry for entry in found if entry.needs <= brought.keys()]
    named = _named(own)
    if rule.get("sorted"):
        return [entry.row for entry in sorted(own, key=_alphabetical)]
    beside: dict[tuple[str, int], list[Entry]] = {}
    for entry in own:
        for how, name in entry.anchors.items():
            other = _other(entry, how, name, named, brought)
            beside.setdefault((how, id(other)), []).append(entry)
    placed = [one for entry in own if not entry.anchors for one in _around(entry, beside)]
    there = {id(entry) for entry in placed}
    if left := [entry for entry in own if id(entry) not in there]:
        circle = " and ".join(repr(entry.names[0]) for entry in left)
        raise CatalogError(f"{left[0].file}: {circle} stand beside one another in a circle")
    return [entry.row for entry in placed]


def _named(entries: Iterable[Entry]) -> dict[str, Entry]:
    named: dict[str, Entry] = {}
    for entry in entries:
        for name in entry.names:
            if name in named:
                where = "" if named[name].file == entry.file else f", first in {named[name].file}"
                raise CatalogError(f"{entry.file}: {name!r} is there twice{where}")
            named[name] = entry
    return named


def _alphabetical(entry: Entry) -> tuple[str, str]:
    """Sort packages by their name alone: `pydantic` comes before `pydantic-settings`."""
    name = entry.names[0]
    return re.split(r"[^\w.-]", name, maxsplit=1)[0], name


def _other(
    entry: Entry,
    how: str,
    name: str,
    named: Mapping[str, Entry],
    brought: Mapping[str, frozenset[str]],
) -> Entry:
    """Give the entry that another one stands beside; it must be there whenever that one is."""
    if len(entry.anchors) > 1:
        raise CatalogError(f"{entry.file}: {entry.names[0]!r} says both `after` and `before`")
    if name not in named:
        raise CatalogError(
            f"{entry.file}: {entry.names[0]!r} stands {how} {name!r}, which the list has not"
            f"{meant(name, named)}"
        )
    on = {layer for need in entry.needs for layer in brought[need]}
    if missing := sorted(named[name].needs - on):
        raise CatalogError(
            f"{entry.file}: {entry.names[0]!r} stands {how} {name!r}, which may not be there: "
            f"it needs {missing[0]}; require that, or put the entry below `with`"
        )
    return named[name]


def _around(entry: Entry, beside: Mapping[tuple[str, int], list[Entry]]) -> Iterator[Entry]:
    for other in beside.get(("before", id(entry)), ()):
        yield from _around(other, beside)
    yield entry
    for other in beside.get(("after", id(entry)), ()):
        yield from _around(other, beside)
