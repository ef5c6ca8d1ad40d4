"""The catalog, put together from the small files of a folder, and a manifest a layer.

A layer is a level, a module, or one of the providers between which an answer chooses. Its manifest adds entries to the lists that `lists.yml` names; those
below `with:` are there only where that other layer is on too. An entry stands at the end of its
list, level 1 first, then the modules, the providers last, or right `after` or `before` another entry. So what is
there stays in the same order whichever layers there are.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .lists import behaviour, entries, listed
from .manifests import Layer, check, manifest, read

# Behind 4.5, before 4.6.
BEFORE_TESTING = "4.5~"
# What a manifest says that the row of a module in the catalog says too.
ABOUT = ("title", "summary", "signs", "package", "requires")


def assembled(folder: Path, template: Path) -> dict[str, Any]:
    """Put the catalog of a folder together; a layer with a folder in `template` is available."""
    base = {file.stem: read(file) for file in folder.glob("*.yml")}
    layers = sorted(map(manifest, (folder / "layers").glob("*.yml")), key=lambda one: one.place)
    providers = [layer for layer in layers if layer.provider_of]
    modules = [layer for layer in layers if layer.level is None and layer not in providers]
    levels = {f"level_{row['level']}": row for row in base["levels"]}
    known = {
        **dict.fromkeys(levels, "level"),
        **{layer.name: "module" for layer in modules},
        **{layer.name: "provider" for layer in providers},
    }
    for layer in layers:
        check(layer, known, base["lists"])
    brought = _brought(layers, [*levels])
    there = _available(brought, template)
    found = [one for layer in layers for one in entries(layer, known, base["lists"])]
    return {
        "levels": [{**row, "available": name in there} for name, row in levels.items()],
        "modules": [_module(module, there) for module in modules],
        "providers": [_provider(provider) for provider in providers if provider.name in there],
        # Layers that manifests speak of and that are not there.
        "absent": sorted({name for _, entry in found for name in entry.needs} - {*known}),
        "level_requires": {
            layer.level: layer.content["requires"]
            for layer in layers
            if layer.level is not None and "requires" in layer.content
        },
        "traces": {one.name: one.content["traces"] for one in layers if "traces" in one.content},
        "behaviour": [
            {"layers": sorted(needs), "line": line}
            for layer in layers
            for needs, line in behaviour(layer, known, base["lists"])
            if needs <= brought.keys()
        ],
        "phases": _phases(base["phases"], modules),
        "ownership": base["ownership"],
        "field_types": base["field_types"],
        **{
            kind: listed([entry for of, entry in found if of == kind], rule, brought)
            for kind, rule in base["lists"].items()
        },
    }


def _brought(layers: Sequence[Layer], levels: Sequence[str]) -> dict[str, frozenset[str]]:
    """Give for each manifest the layers that are on whenever its own is, itself among them."""
    direct = {name: {*levels[: place + 1]} for place, name in enumerate(levels)}
    for layer in layers:
        own = direct.setdefault(layer.name, {levels[0], layer.name})
        own.update(layer.content.get("requires", ()))
    found: dict[str, frozenset[str]] = {}
    for name, on in direct.items():
        whole = set(on)
        while more := {further for other in whole for further in direct[other]} - whole:
            whole |= more
        found[name] = frozenset(whole)
    # A level without a manifest is known, but nothing can be built on it.
    return {layer.name: found[layer.name] for layer in layers}


def _available(brought: Mapping[str, frozenset[str]], template: Path) -> set[str]:
    """Give the layers whose folder is there, and the folders of all that they bring."""
    folders = {file.name for file in template.iterdir()} if template.is_dir() else set()
    there = {name for name in brought if f"{{{{ {name} }}}}" in folders}
    return {name for name in there if brought[name] <= there}


def _module(layer: Layer, there: set[str]) -> dict[str, Any]:
    said = {key: layer.content[key] for key in ABOUT if key in layer.content}
    defaults: dict[str, Any] = {"signs": [], "requires": []}
    return {"name": layer.name, **defaults, **said, "available": layer.name in there}


def _provider(layer: Layer) -> dict[str, Any]:
    said = {key: layer.content[key] for key in ABOUT if key in layer.content}
    return {"name": layer.name, "of": layer.provider_of, "requires": [], **said}


def _phases(base: Iterable[dict[str, Any]], modules: Iterable[Layer]) -> list[dict[str, Any]]:
    """Give the phases in the order of the work: those with a letter come right before testing."""
    own = [{**m.content["phase"], "module": m.name} for m in modules if "phase" in m.content]
    return sorted(
        [*base, *own],
        key=lambda one: one["phase"] if one["phase"][-1].isdigit() else BEFORE_TESTING,
    )
