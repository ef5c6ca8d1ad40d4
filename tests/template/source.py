"""The rules that the template keeps as source, each a function that tells what breaks it."""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

from ferrata.template import configuration
from tests.matrix.renderer import Renderer

CONDITION = re.compile(r"{%-?\s*(if|elif|else)\b")
JINJA = re.compile(r"{{|{%|{#")
LAYER = re.compile(r"{{ (\w+) }}")
PYTHON = (".py", "{% endyield %}.py")
# Answers that tell which layers are on; a template that reads one, or asks what the project has,
# depends on other layers.
CHOICES = frozenset({"level", "modules", "chosen", "this_level", "_copier_answers"})
# They only check; nothing has to read what they give.
CHECKING = frozenset({"given_answers", "checked_answers"})
ILLEGAL = re.compile(r'[<>:"|?*\\]|[. ]$')
DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?$", re.IGNORECASE)
# The longest path below a project; Windows has 260 characters for all of it.
LONGEST_PATH = 200
LEFT_OPEN = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
KEY = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_\w{30,}|\bsk_live_\w{10,}"
    r"|\bxox[abp]-\w{10,}|\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\."
)
# Tests may make a password up.
PASSWORD = re.compile(
    r"(?i:\b(?:password|secret|token|api_key)\w*\s*[:=]\s*[\"'](?![\"'{$<])[\w+/=!@#-]{12,}[\"'])"
)
# The same in YAML, TOML and files of variables, where a value needs no quotes; one that is read from
# a variable or a file is none.
SETTING = re.compile(
    r"""^[ \t]*(?:-[ \t]+)?["']?[\w.-]*(?:password|passwd|_pass|secret|token|api_?key)\w*["']?
        [ \t]*[:=][ \t]*["']?(?!(?:true|false|null|none|read|write)\b)(?=[^\s"'<>{$]*[a-z])
        [\w+=!@%^-][^\s"'<>{$]{3,}""",
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)
# A password in an address; an example says `user:password`.
ADDRESS = re.compile(r"://[^\s:/@{$]*:(?!password@)[^\s/@{$<]{4,}@")
CODE = (".py", ".md", ".html", ".css")
# How Copier asks for what the schema calls by these types.
ASKED_AS = {"string": "str", "integer": "int", "array": "yaml", "object": "yaml"}


@dataclass(frozen=True)
class Source:
    """One version of the template."""

    tree: Path

    @cached_property
    def renderer(self) -> Renderer:
        """What knows which variables a template reads."""
        return Renderer(self.tree)

    @property
    def rules(self) -> ModuleType:
        """The template's extension."""
        return self.renderer.rules

    @cached_property
    def catalog(self) -> dict[str, Any]:
        """The template's catalog."""
        found: dict[str, Any] = self.rules.catalog()
        return found

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The schema of the answers."""
        found: dict[str, Any] = self.rules.schema()
        return found

    @cached_property
    def questions(self) -> dict[str, Any]:
        """The questions, in order."""
        return configuration(self.tree)[1]

    @cached_property
    def asked(self) -> dict[str, Any]:
        """The questions that have an answer in the schema."""
        return {name: q for name, q in self.questions.items() if q.get("when") is not False}

    @cached_property
    def texts(self) -> dict[str, str]:
        """Every file below template/."""
        top = self.tree / "template"
        return {name: (top / name).read_text("utf-8") for name in self.renderer.sources}

    @cached_property
    def layers(self) -> frozenset[str]:
        """The names of all layers that there may be."""
        levels = {f"level_{row['level']}" for row in self.catalog["levels"]}
        others = {row["name"] for row in [*self.catalog["modules"], *self.catalog["providers"]]}
        return frozenset(levels | others | {*self.catalog["absent"]})

    def layers_of(self, name: str) -> list[str]:
        """The layers that a file is in, from the outermost."""
        found: list[str] = []
        for part in name.split("/"):
            layer = LAYER.fullmatch(part)
            if not layer or layer[1] not in self.layers:
                break
            found.append(layer[1])
        return found


def conditions(source: Source) -> Iterator[str]:
    """Python has no conditions: whole files are composed."""
    for name, text in source.texts.items():
        if name.removesuffix(".jinja").endswith(PYTHON) and (found := CONDITION.search(text)):
            yield f"{name}: {found[0]} in Python; compose whole files, or use the data model"


def suffixes(source: Source) -> Iterator[str]:
    """A file that is not rendered needs no suffix."""
    for name, text in source.texts.items():
        if name.endswith(".jinja") and not JINJA.search(text):
            yield f"{name}: a static file needs no .jinja suffix"


def joints(source: Source) -> Iterator[str]:
    """What depends on other layers is listed, and what is listed depends on them."""
    listed = source.catalog["joints"]
    found = [name for name, text in source.texts.items() if _is_joint(source, name, text)]
    for name in sorted(set(found) - set(listed)):
        yield f"{name}: depends on the level or the modules; list it in `joints`"
    for name in sorted(set(listed) - set(found)):
        yield f"{name}: is listed in `joints`, and depends on neither the level nor the modules"


def _is_joint(source: Source, name: str, text: str) -> bool:
    if not name.endswith(".jinja"):
        return False
    needs = source.renderer.needs(text)
    return needs is None or bool(needs & (CHOICES | source.layers))


def layer_names(source: Source) -> Iterator[str]:
    """Layers are the outermost folders, named after what can be chosen; each is there once."""
    for name in source.texts:
        layers = source.layers_of(name)
        if not layers and name != ".copier-answers.yml.jinja":
            yield f"{name}: is in no layer"
        if len(set(layers)) != len(layers):
            yield f"{name}: is in one layer twice"
        inside = name.split("/")[len(layers) :]
        for layer in sorted(source.layers & set(LAYER.findall("/".join(inside)))):
            yield f"{name}: {layer} is a layer; it must be an outermost folder"


def one_owner(source: Source) -> Iterator[str]:
    """No two layers have a path in common, nor two that differ by case only."""
    seen: dict[str, str] = {}
    for name in source.texts:
        depth = len(source.layers_of(name))
        path = "/".join(name.split("/")[depth:]).removesuffix(".jinja").lower()
        if seen.setdefault(path, name) != name:
            yield f"{name}: writes the same path as {seen[path]}"


def file_names(source: Source) -> Iterator[str]:
    """Names are legal on Windows, and paths not too long."""
    return (fault for name in source.texts for fault in path_faults(name))


def path_faults(name: str) -> Iterator[str]:
    """Say why Windows could not check out a path of the template or of a project."""
    for part in name.split("/"):
        if ILLEGAL.search(part) or DEVICES.match(part):
            yield f"{name}: {part!r} is no name on Windows"
    if len(name) > LONGEST_PATH:
        yield f"{name}: is longer than {LONGEST_PATH} characters"


def left_open(source: Source) -> Iterator[str]:
    """Nothing is left open."""
    for name, text in source.texts.items():
        if found := LEFT_OPEN.search(text):
            yield f"{name}: {found[0]}"


def silent_installs(source: Source) -> Iterator[str]:
    """A feature says what it lacks when its process runs: its parts are made for every command too."""
    for name, text in source.texts.items():
        tree = ast.parse(text) if name.endswith(".py") and "def install(" in text else ast.Module([], [])
        for install in tree.body:
            if isinstance(install, ast.FunctionDef) and install.name == "install" and _logs(install):
                yield f"{name}: logs in install; its lifespan is what runs once, in a service"


def _logs(node: ast.AST) -> bool:
    """Say whether running it logs; what functions in it do comes later."""
    for inner in ast.iter_child_nodes(node):
        if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(inner, ast.Attribute) and ast.unparse(inner.value) == "logger":
            return True
        if _logs(inner):
            return True
    return False


def secrets(source: Source) -> Iterator[str]:
    """No secret is in what a project receives."""
    for name, text in source.texts.items():
        for word in _words_of_secrets(name):
            if found := word.search(text):
                yield f"{name}: looks like a secret: {found[0][:16]}..."


def _words_of_secrets(name: str) -> tuple[re.Pattern[str], ...]:
    if "/tests/" in name:
        return (KEY,)
    if name.removesuffix(".jinja").endswith(CODE):
        return KEY, PASSWORD, ADDRESS
    return KEY, PASSWORD, ADDRESS, SETTING


def unused_questions(source: Source) -> Iterator[str]:
    """Whatever is asked or worked out is read by a template, a path, another question or a rule."""
    texts = [text for name, text in source.texts.items() if name.endswith(".jinja")]
    texts += [name.removesuffix(".jinja") for name in source.texts]
    texts += list(_strings(source.questions))
    read = {name for text in texts for name in source.renderer.reads(text)}
    read |= {name for name, answer in source.schema["properties"].items() if "x-provider" in answer}
    # What offers nothing is not asked: the layers that it chooses between are not there.
    silent = {name for name, of in source.asked.items() if _choices(source, of) == []}
    for name in source.questions.keys() - read - CHECKING - silent:
        yield f"{name}: nothing reads this answer"


def _strings(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for inner in value.values():
                yield from _strings(inner)
        case list():
            for inner in value:
                yield from _strings(inner)


def answers_agree(source: Source) -> Iterator[str]:
    """Questions and schema have the same names, types, choices and defaults."""
    properties = source.schema["properties"]
    # What offers nothing is not asked: the layers that it chooses between are not there.
    offering = {name for name, of in source.asked.items() if _choices(source, of) != []}
    for name in sorted(offering ^ properties.keys()):
        where = "schema" if name in source.asked else "questions"
        yield f"{name}: is missing in the {where}"
    for name in sorted(source.asked.keys() & properties.keys()):
        yield from _differences(source, name, source.asked[name], properties[name])


def _differences(
    source: Source, name: str, question: Mapping[str, Any], answer: Mapping[str, Any]
) -> Iterator[str]:
    whole = {**source.schema["$defs"].get(answer.get("$ref", "").split("/")[-1], {}), **answer}
    many = bool(question.get("multiselect"))
    kind = "array" if many else whole.get("type", "string")
    asked = "yaml" if many else question["type"]
    if ASKED_AS[kind] != asked:
        yield f"{name}: is asked as {question['type']}, the schema has {kind}"
    allowed = whole.get("items", {}).get("enum") if many else whole.get("enum")
    offered = _choices(source, question)
    if offered != allowed:
        yield f"{name}: offers {offered}, the schema allows {allowed}"
    if "default" in whole and _default(source, question) != whole["default"]:
        yield f"{name}: {_default(source, question)!r} is its default, the schema has {whole['default']!r}"
    if name in source.schema["required"] and _default(source, question) not in (None, []):
        yield f"{name}: is mandatory, and must have no default"


def _choices(source: Source, question: Mapping[str, Any]) -> list[Any] | None:
    choices = question.get("choices")
    if isinstance(choices, str):
        choices = yaml.safe_load(source.renderer.jinja.from_string(choices).render())
    match choices:
        case dict() as choices:
            return [c["value"] if isinstance(c, dict) else c for c in choices.values()]
        case _:
            return choices  # type: ignore[no-any-return]


def _default(source: Source, question: Mapping[str, Any]) -> Any:
    default = question.get("default")
    if isinstance(default, str):
        default = source.renderer.jinja.from_string(default).render()
    return yaml.safe_load(default) if question["type"] == "yaml" and default else default


def catalog_agrees(source: Source) -> Iterator[str]:
    """Catalog and schema name the same levels and types of fields."""
    properties, types = source.schema["properties"], source.schema["$defs"]["field"]["properties"]
    rows = {
        "levels": ([row["level"] for row in source.catalog["levels"]], properties["level"]["enum"]),
        "field types": (list(source.catalog["field_types"]), types["type"]["enum"]),
    }
    for what, (ours, theirs) in rows.items():
        if ours != theirs:
            yield f"{what}: the catalog has {ours}, the schema {theirs}"


def features_are_placed(source: Source) -> Iterator[str]:
    """Every feature belongs to a phase that there is."""
    phases = {phase["phase"] for phase in source.catalog["phases"]}
    for feature in source.catalog["features"]:
        if feature["phase"] not in phases:
            yield f"{feature['name']}: there is no phase {feature['phase']}"


CHECKS: dict[str, Callable[[Source], Iterator[str]]] = {
    check.__name__: check
    for check in (
        conditions,
        suffixes,
        joints,
        layer_names,
        one_owner,
        file_names,
        left_open,
        silent_installs,
        secrets,
        unused_questions,
        answers_agree,
        catalog_agrees,
        features_are_placed,
    )
}
