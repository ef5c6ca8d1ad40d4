"""The manifests of layers: read one by one, and refused where they say what nobody understands."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

# The loader written in C is ten times as fast, where PyYAML has it.
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
LEVEL = re.compile(r"level_(\d+)")
# What a manifest says of its layer, besides the entries of lists.
OF_ALL = ("requires", "behaviour", "traces", "with")
OF_MODULES = ("title", "summary", "order", "signs", "package", "phase")
OF_PROVIDERS = ("provider_of", "title", "summary", "order", "package")
MANDATORY = ("title", "summary")
# A module that does not say its order comes after those that do.
LAST = 1_000_000


class CatalogError(Exception):
    """What is wrong in a file of the catalog, in one line."""


@dataclass(frozen=True)
class Layer:
    """A manifest that was read."""

    name: str
    file: str
    content: dict[str, Any]

    @property
    def level(self) -> int | None:
        """The number of a level; a module has none."""
        found = LEVEL.fullmatch(self.name)
        return int(found[1]) if found else None

    @property
    def provider_of(self) -> str | None:
        """The answer that chooses it among others, if it is a provider."""
        return self.content.get("provider_of")

    @property
    def place(self) -> tuple[int, int, str]:
        """Levels come before modules, then providers; these stand in their order, then by name."""
        if self.level is not None:
            return 0, self.level, self.name
        return 1 + bool(self.provider_of), self.content.get("order", LAST), self.name


def read(file: Path) -> Any:
    """Read YAML; of a key that is given twice, YAML itself would lose the first."""
    loader = LOADER(file.read_bytes())
    try:
        node = loader.get_single_node()
        if twice := _twice(node):
            raise CatalogError(f"{_shown(file)}: {twice!r} is given twice; join the two")
        return {} if node is None else loader.construct_document(node)
    except yaml.YAMLError as error:
        raise CatalogError(f"{_shown(file)}: is no YAML: {' '.join(str(error).split())}") from None
    finally:
        loader.dispose()


def _twice(node: Any) -> str | None:
    """Find a key that a mapping, wherever it is, has twice."""
    if not isinstance(node, yaml.CollectionNode):
        return None
    inside = node.value
    if isinstance(node, yaml.MappingNode):
        keys: list[str] = [key.value for key, _ in node.value]
        if len({*keys}) < len(keys):
            return next(key for key in keys if keys.count(key) > 1)
        inside = [value for _, value in node.value]
    return next(filter(None, map(_twice, inside)), None)


def _shown(file: Path) -> str:
    """Name a file as it is called in the repository."""
    place = len(file.parts) - file.parts[::-1].index("catalog")
    return "/".join(("schemas/catalog", *file.parts[place:]))


def manifest(file: Path) -> Layer:
    """Read a manifest."""
    content = read(file)
    if not isinstance(content, dict):
        raise CatalogError(f"{_shown(file)}: must be a mapping, as the other manifests are")
    return Layer(file.stem, _shown(file), content)


def check(layer: Layer, known: Iterable[str], lists: Mapping[str, Any]) -> None:
    """Refuse what a manifest cannot say, what it must say, and names that are none."""
    own: tuple[str, ...] = ()
    if layer.level is None:
        own = OF_PROVIDERS if layer.provider_of else OF_MODULES
    if layer.name not in known:
        raise CatalogError(f"{layer.file}: there is no such level in levels.yml")
    keys = [*OF_ALL, *own, *lists]
    for key in layer.content:
        if key not in keys:
            raise CatalogError(f"{layer.file}: {key!r} is no key of a manifest{meant(key, keys)}")
    for key in MANDATORY if own else ():
        if key not in layer.content:
            raise CatalogError(f"{layer.file}: {key!r} is missing; say it in a few words")
    for name in layer.content.get("requires", ()):
        if name not in known:
            raise CatalogError(
                f"{layer.file}: requires {name!r}, which is no layer{meant(name, known)}"
            )


def meant(name: object, names: Iterable[str]) -> str:
    """Say which of the names was meant, if one is close."""
    import difflib  # noqa: PLC0415  (only what is wrong needs a proposal)

    close = difflib.get_close_matches(str(name), list(names), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
