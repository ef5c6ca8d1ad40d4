"""The template rendered in memory, fast: for the tests, which render it thousands of times.

Files, paths and computed answers are what `copier copy` makes of them (test_renderer.py compares
them byte for byte). Templates are compiled once, and what depends on the same values is rendered
once: which values those are, Jinja reads from the template.
"""

import hashlib
import json
import os
import re
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, meta, nodes, pass_context
from jinja2.environment import create_cache
from jinja2.runtime import Context
from jinja2_ansible_filters import AnsibleCoreFiltersExtension

from ferrata.template import ANSWERS_FILE, Source, Template, configuration, environment

# The same in C, where PyYAML was built with it.
Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# How Copier reads an answer of each type.
PARSERS: Mapping[str, Callable[[str], Any]] = {
    "str": str,
    "json": json.loads,
    "yaml": lambda text: yaml.load(text, Loader),  # noqa: S506  (a SafeLoader)
}
LOOP = re.compile(r"{% yield (\w+) from (.+?) %}")
PATHS = "_paths"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass(frozen=True)
class Rendered:
    """A project in memory."""

    # The content of each path, the source below template/ that it comes from, ...
    files: Mapping[str, bytes]
    sources: Mapping[str, str]
    # ... every folder that is made, and every path that two sources write: path -> sources.
    folders: frozenset[str]
    collisions: Mapping[str, tuple[str, ...]]

    def text(self, path: str) -> str:
        """The content of a file, as text."""
        return self.files[path].decode("utf-8")


@dataclass(frozen=True)
class Place:
    """Where a source goes: its path, and the variables of the loops around it."""

    path: str
    loop: Mapping[str, Any]


class Renderer:
    """Renders the template of one folder for any answers."""

    def __init__(self, tree: Path, *, source: str | None = None, commit: str = COMMIT) -> None:
        """Read the template at `tree`; projects record `source` and `commit`."""
        self.tree = tree
        self.origin = {"_commit": commit, "_src_path": source or str(tree)}
        self.template = Template(Source(str(tree), str(tree)), commit, tree, tree)
        self.rules = self.template.rules
        self.settings, self.questions = configuration(tree)
        self.jinja = environment(self.template)
        copiers = Environment(extensions=[AnsibleCoreFiltersExtension])  # noqa: S701  (no HTML)
        self.jinja.filters["to_nice_yaml"] = copiers.filters["to_nice_yaml"]
        # A template that was compiled stays, however many there are.
        self.jinja.cache = create_cache(-1)
        self.sources = sorted(self._found(tree / self.settings["subdirectory"]))

        # What the template's own function works out anew for each list; here it is known already.
        @pass_context
        def paths_of(context: Context, wanted: str) -> list[str]:
            known = context.get_all()
            paths = known[PATHS] if PATHS in known else self._paths(known)
            return [path for path in paths if self._owner(path) == wanted]

        self.jinja.globals["paths_of"] = paths_of
        self._owner = cache(self.rules.owner)
        self._memory: dict[Hashable, Any] = {}
        self._digests: dict[int, tuple[Any, bytes]] = {}
        self._needs: dict[str, frozenset[str] | None] = {}

    def render(self, answers: Mapping[str, Any]) -> Rendered:
        """Give the project for answers that are valid."""
        known = self.variables(answers)
        files: dict[str, bytes] = {}
        sources: dict[str, list[str]] = {}
        folders: set[str] = set()
        placed = {source: self._placed(source, known) for source in self.sources}
        # The lists of the project's files are not worked out again for each of them.
        known[PATHS] = sorted({place.path for places, _ in placed.values() for place in places})
        for source, (places, made) in placed.items():
            folders |= made
            for place in places:
                sources.setdefault(place.path, []).append(source)
                files[place.path] = self._content(source, {**known, **place.loop})
        return Rendered(
            files,
            {path: found[-1] for path, found in sources.items()},
            frozenset(folders),
            {path: tuple(found) for path, found in sources.items() if len(found) > 1},
        )

    def write(self, answers: Mapping[str, Any], target: Path) -> Path:
        """Write the project to a folder, and give that."""
        project = self.render(answers)
        for folder in project.folders:
            (target / folder).mkdir(parents=True, exist_ok=True)
        for path, content in project.files.items():
            (target / path).write_bytes(content)
        return target

    def variables(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Every variable that a template sees."""
        known: dict[str, Any] = {"_copier_conf": {"answers_file": ANSWERS_FILE, "defaults": True}}
        stored = dict(self.origin)
        for name, question in self.questions.items():
            if name in answers:
                known[name] = answers[name]
            elif "default" in question:
                known[name] = self._default(name, question, known)
            if name in known and self._asked(name, question, known):
                stored[name] = known[name]
        known |= self.rules.derived(known)
        return {**known, "_copier_answers": dict(sorted(stored.items()))}

    def _asked(self, name: str, question: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
        """Tell whether a question is asked: only then its answer is stored."""
        when = question.get("when", True)
        if not isinstance(when, str):
            return bool(when)

        def make() -> bool:
            return self.jinja.from_string(when).render(known) not in {"", "False"}

        return bool(self._once(("when", name), when, known, make))

    def needs(self, text: str) -> frozenset[str] | None:
        """The variables that decide what a template gives; None: it may be any."""
        if text not in self._needs:
            tree = self._parsed(text)
            called = [self.jinja.globals.get(name.name) for name in tree.find_all(nodes.Name)]
            # Jinja's own filters ask for the context too, but read no variable of it.
            applied = [self.jinja.filters.get(name.name) for name in tree.find_all(nodes.Filter)]
            own = [of for of in applied if not getattr(of, "__module__", "").startswith("jinja2.")]
            reads_all = any(hasattr(of, "jinja_pass_arg") for of in (*called, *own))
            refers = any(True for _ in meta.find_referenced_templates(tree))
            self._needs[text] = None if reads_all or refers else self.reads(text)
        return self._needs[text]

    def reads(self, text: str) -> frozenset[str]:
        """The variables that a template names."""
        return frozenset(meta.find_undeclared_variables(self._parsed(text)))

    def _parsed(self, text: str) -> nodes.Template:
        # Copier's loop over the files of a path, as Jinja knows it.
        loops = LOOP.sub(r"{% for \1 in \2 %}", text).replace("{% endyield %}", "{% endfor %}")
        return self.jinja.parse(loops)

    def _paths(self, known: Mapping[str, Any]) -> list[str]:
        return sorted(
            {place.path for source in self.sources for place in self._placed(source, known)[0]}
        )

    def _found(self, top: Path) -> Iterator[str]:
        """Every file below the template's folder that Copier takes."""
        excluded = self.settings["exclude"]
        for folder, folders, names in os.walk(top):
            folders[:] = [name for name in folders if not _matches(name, excluded)]
            for name in names:
                if not _matches(name, excluded):
                    yield (Path(folder) / name).relative_to(top).as_posix()

    def _default(self, name: str, question: Mapping[str, Any], known: Mapping[str, Any]) -> Any:
        default = question["default"]
        if not isinstance(default, str):
            return default

        def make() -> Any:
            return PARSERS[question["type"]](self.jinja.from_string(default).render(known))

        return self._once(("default", name), default, known, make)

    def _placed(self, source: str, known: Mapping[str, Any]) -> tuple[list[Place], frozenset[str]]:
        """Where a source goes with these variables, and the folders that it makes."""
        suffix = self.settings["templates_suffix"]
        name = source.removesuffix(suffix)

        def make() -> tuple[list[Place], frozenset[str]]:
            parts = name.split("/")
            folders = {
                path
                for depth in range(1, len(parts))
                for path in self._expanded("/".join(parts[:depth]), known)
            }
            return [Place(*found) for found in self._expanded(name, known).items()], frozenset(
                folders - {""}
            )

        return self._once(("path", source), name, known, make)

    def _expanded(self, name: str, known: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
        found = self.rules.expanded(self.jinja, known, [name])
        return {path: loop for path, (_, loop) in found.items()}

    def _content(self, source: str, known: Mapping[str, Any]) -> bytes:
        file = self.tree / self.settings["subdirectory"] / source
        if not source.endswith(self.settings["templates_suffix"]):
            return self._once(("static", source), "", known, file.read_bytes)

        def make() -> bytes:
            name = f"{self.settings['subdirectory']}/{source}"
            return self.jinja.get_template(name).render(known).encode()

        text = self._once(("source", source), "", known, lambda: file.read_text("utf-8"))
        return self._once(("content", source), text, known, make)

    def _once(
        self, what: Hashable, text: str, known: Mapping[str, Any], make: Callable[[], Any]
    ) -> Any:
        """Make something that a text and the variables in it decide, or remember it."""
        needs = self.needs(text)
        if needs is None:
            return make()
        key = (what, *((name, self._key(known[name])) for name in sorted(needs) if name in known))
        if key not in self._memory:
            self._memory[key] = make()
        return self._memory[key]

    def _key(self, value: Any) -> Hashable:
        """Tell values apart by what they are; what an object is, is worked out once."""
        if isinstance(value, str | int | float | None):
            return type(value), value
        if id(value) not in self._digests:
            text = json.dumps(value, default=str)
            # The value stays, so that no other gets its id.
            self._digests[id(value)] = (value, hashlib.sha256(text.encode()).digest())
        return self._digests[id(value)][1]

    def forget(self) -> None:
        """Forget what was rendered, but for the compiled templates."""
        self._memory.clear()
        self._digests.clear()


def _matches(name: str, patterns: list[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)
