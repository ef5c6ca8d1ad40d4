"""What is there as a feature is in a list, and what is in a list is there.

A feature of services, its settings and its migrations do nothing by being there: a generated
`features.py` names them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from tests.matrix.dependencies import DEVELOPMENT, module_name
from tests.matrix.renderer import Rendered
from tests.matrix.syntax import Code

PACKAGES = ("chassis/src/", "modules/")
LISTS = "/features.py"
# What makes a module a feature; chassis/feature.py says the same of its Protocol.
FEATURE = {"install", "lifespan"}
SETTINGS = "BaseSettings"
# A feature that takes this is for every kind of process, with HTTP or without.
ANY = "Host"
# What it lists comes on top of what every service has.
ON_TOP = frozenset({"chassis.database.features", "chassis_mongodb.documents.features"})
LOCATION = re.compile(r'Path\(\*([\w.]+)\.__path__\) / "migrations"')
MIGRATION = re.compile(r".+/src/(?P<package>.+)/migrations/[^/]+\.py")

Found = Iterator[tuple[str, str]]


@dataclass(frozen=True)
class Lists:
    """The modules of the chassis and its modules, and what their lists name."""

    paths: Mapping[str, str]
    modules: Mapping[str, Code]

    @cached_property
    def lists(self) -> dict[str, str]:
        """The modules that are lists, with their paths."""
        return {name: path for name, path in self.paths.items() if path.endswith(LISTS)}

    @cached_property
    def features(self) -> dict[str, str]:
        """Every module that a list names, with the list's path."""
        return {of: path for name, path in self.lists.items() for of in self.listed(name)}

    @cached_property
    def settings(self) -> dict[str, str]:
        """Every class of settings that a list's own is made of, with the list's path."""
        return {
            self.origin(of): path
            for name, path in self.lists.items()
            for of in _bases(self.modules[name])
        }

    @cached_property
    def inherited(self) -> set[str]:
        """What these classes of settings stand upon."""
        return {
            self.origin(self.modules[module].bound[base])
            for module, _, name in (of.rpartition(".") for of in self.settings)
            if module in self.modules
            for found in self.modules[module].settings
            if found.name == name
            for base in found.bases
            if base in self.modules[module].bound
        }

    def listed(self, name: str) -> set[str]:
        """The dotted names of what stands in the lists of a module."""
        code = self.modules[name]
        return {code.bound[item] for item in code.listed if item in code.bound}

    def origin(self, name: str) -> str:
        """Where what a package offers under a name is defined."""
        module, _, attribute = name.rpartition(".")
        while module in self.modules and attribute in self.modules[module].bound:
            module, _, attribute = self.modules[module].bound[attribute].rpartition(".")
        return f"{module}.{attribute}"


def unlisted(rendered: Rendered, codes: Mapping[str, Code]) -> Found:
    """Say which feature, settings or migrations no list has, and which entry of one is nothing."""
    paths = {
        module_name(path): path
        for path in codes
        if path.startswith(PACKAGES) and "/src/" in path and not DEVELOPMENT.match(path)
    }
    lists = Lists(paths, {name: codes[path] for name, path in paths.items()})
    yield from _in_no_list(lists)
    yield from _not_there(lists)
    for name in lists.lists.keys() - ON_TOP:
        yield from _lacking(lists, name)
    yield from _migrations(rendered, lists.lists.values())


def _in_no_list(lists: Lists) -> Found:
    # What a listed package takes from one of its modules is no feature of its own.
    lent = {lists.origin(f"{name}.install") for name in lists.features}
    known = lists.settings.keys() | lists.inherited
    for name, code in lists.modules.items():
        if code.names >= FEATURE and name not in lists.features and f"{name}.install" not in lent:
            yield lists.paths[name], "is a feature, and in no list of features"
        for found in code.settings:
            if SETTINGS in found.bases and f"{name}.{found.name}" not in known:
                yield lists.paths[name], f"{found.name} are in no list of features"


def _not_there(lists: Lists) -> Found:
    for name, path in lists.features.items():
        if name not in lists.modules:
            yield path, f"lists {name}, which is not there"
    for name, path in lists.settings.items():
        module, _, attribute = name.rpartition(".")
        if module not in lists.modules or attribute not in lists.modules[module].names:
            yield path, f"has {name}, which is not there"


def _lacking(lists: Lists, of: str) -> Found:
    """Every kind of process has what is for all of them, or a feature that does it in its stead."""
    done = {lists.origin(f"{name}.lifespan") for name in lists.listed(of)}
    for name, code in lists.modules.items():
        is_for_all = code.names >= FEATURE and code.installs_in == ANY
        if is_for_all and lists.origin(f"{name}.lifespan") not in done:
            yield lists.lists[of], f"lacks {name}, which is for every kind of process"


def _migrations(rendered: Rendered, lists: Iterable[str]) -> Found:
    """Every folder of migrations in a package is a location of versions, and the reverse."""
    found = {}
    for path in sorted(rendered.files):
        if match := MIGRATION.fullmatch(path):
            found.setdefault(match["package"].replace("/", "."), path)
    located = {name: path for path in lists for name in LOCATION.findall(rendered.text(path))}
    for name in sorted(found.keys() - located.keys()):
        yield found[name], f"is no migration: no list has the migrations of {name}"
    for name in sorted(located.keys() - found.keys()):
        yield located[name], f"has the migrations of {name}, and there are none"


def _bases(code: Code) -> Iterator[str]:
    """The dotted names of the settings that a module's own are made of."""
    for own in code.settings:
        for base in own.bases:
            first, _, rest = base.partition(".")
            if first in code.bound:
                yield f"{code.bound[first]}.{rest}" if rest else code.bound[first]
