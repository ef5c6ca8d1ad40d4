"""What the documents of a project say is true of that project: links, commands, files, settings."""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import PurePosixPath
from posixpath import normpath
from typing import Any

from pathspec import GitIgnoreSpec

from tests.matrix.renderer import Rendered

LINK = re.compile(r"(?<!\\)\]\(([^)\s]+)\)")
ABSOLUTE = re.compile(r"[a-z]+:")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"(?<!\\)`([^`\n]+)`")
# `make up` / `down` / `logs`, in any text; and what messages advise: run make env.
MADE = re.compile(
    r"`make ([a-z][\w-]*)[^`\n]*`((?:[^`\n,]* / `[\w-]+`)*)|\brun:? make ([a-z][\w-]*)"
)
MADE_IN_SHELL = re.compile(r"^make ([a-z][\w-]*)", re.MULTILINE)
TARGET = re.compile(r"^([a-z][\w -]*):(?!=)", re.MULTILINE)
# A path with folders, a file by its name, or a folder; <names> stand for any.
PATH = re.compile(r"(?=.*(?:/|\.(?:md|py|toml|ya?ml|json|mk|html|xml|txt)$))\.?\w[\w.<>/-]*")
MENTIONED = re.compile(r"(?<![\w./`<>-])\w[\w.<>-]*(?:/[\w.<>-]+)*\.(?:md|py|toml|yml|json|mk)\b")
MODULE = re.compile(r"\bpython -m ([\w.]+)")
VARIABLE = re.compile(r"([A-Z][A-Z0-9]*_[A-Z0-9_]*)(?:=\S*)?")
SECONDS = re.compile(r"`([A-Z][A-Z0-9_]+)` seconds \((\d[\d.]*)\)")
SETTING_ROW = re.compile(r"^\| `([A-Z][A-Z0-9_]*)` \|([^|]*)\|", re.MULTILINE)
SETTINGS_TABLE = re.compile(r"^\| variable \| default \|.*\n(?:\|.*\n)+", re.MULTILINE)
WORD = re.compile(rb"\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b")
UNREADABLE = object()


@dataclass(frozen=True)
class Document:
    """What one Markdown file says."""

    links: tuple[str, ...]
    anchors: frozenset[str]
    paths: frozenset[str]
    modules: frozenset[str]
    variables: frozenset[str]
    # The settings of tables, as variable and default; ...
    rows: tuple[tuple[str, str], ...]
    # ... and those whose default is told in a sentence.
    sentences: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Setting:
    """A field of a class of settings: its variable, and its default."""

    variable: str
    default: Any


def untrue(rendered: Rendered) -> Iterator[tuple[str, str]]:
    """Say what the documents of a project tell that is not so."""
    documents = {
        path: _document(content) for path, content in rendered.files.items() if path.endswith(".md")
    }
    yield from _links(rendered, documents)
    yield from _targets(rendered)
    yield from _paths(rendered, documents)
    yield from _settings(rendered, documents)


def _links(rendered: Rendered, documents: dict[str, Document]) -> Iterator[tuple[str, str]]:
    for path, document in documents.items():
        for link in document.links:
            file, _, anchor = link.partition("#")
            target = normpath(str(PurePosixPath(path).parent / file)) if file else path
            if target not in rendered.files and not _is_folder(rendered, target):
                yield path, f"links to {link}, which is not there"
            elif anchor and (target not in documents or anchor not in documents[target].anchors):
                yield path, f"links to {link}, but {target} has no such heading"


def _is_folder(rendered: Rendered, path: str) -> bool:
    return any(file.startswith(f"{path}/") for file in rendered.files)


def _targets(rendered: Rendered) -> Iterator[tuple[str, str]]:
    """Every `make x` that any file speaks of can be made."""
    there = {
        target
        for path, content in rendered.files.items()
        if path == "Makefile" or path.endswith(".mk")
        for target in _made(content)
    }
    for path, content in rendered.files.items():
        for target in sorted(_wanted(content, markdown=path.endswith(".md")) - there):
            yield path, f"says `make {target}`, which is no target"


def _paths(rendered: Rendered, documents: dict[str, Document]) -> Iterator[tuple[str, str]]:
    """Every file, module and variable of which a document speaks is there, or is made later."""
    places = frozenset[str]().union(*map(_places, rendered.files))
    ignored = GitIgnoreSpec.from_lines(rendered.text(".gitignore").splitlines())
    for path, document in documents.items():
        for named in sorted(document.paths - places):
            if not (
                ignored.match_file(named)
                or ("<" in named and _fits(named, places))
                or _is_named(rendered, named)
            ):
                yield path, f"speaks of {named}, which is not there"
        for module in sorted(document.modules):
            file = module.replace(".", "/")
            if not {f"{file}.py", f"{file}/__main__.py"} & places:
                yield path, f"says `python -m {module}`, which is not there"


def _fits(named: str, places: frozenset[str]) -> bool:
    pattern = re.sub(r"<[^>]*>", "*", named.rstrip("/"))
    return any(fnmatchcase(place, pattern) for place in places)


def _is_named(rendered: Rendered, named: str) -> bool:
    """Tell whether the project's own code or configuration speaks of a file: it makes it."""
    return any(
        _names(content, named)
        for path, content in rendered.files.items()
        if not path.endswith(".md")
    )


def _settings(rendered: Rendered, documents: dict[str, Document]) -> Iterator[tuple[str, str]]:
    """Settings that are documented exist, with that default; where a page lists them, all are."""
    there: dict[str, set[str]] = {}
    for setting in _all_fields(rendered, ""):
        there.setdefault(setting.variable, set()).update(_told(setting.default))
    for path, document in documents.items():
        for variable, default in (*document.rows, *document.sentences):
            if variable not in there:
                yield path, f"documents {variable}, which is no setting"
            elif default not in there[variable]:
                told = " or ".join(sorted(there[variable])) or "empty"
                yield path, f"says that {variable} is {default or 'empty'}, but it is {told}"
        listed = {variable for variable, _ in document.rows}
        for variable in sorted(document.variables - listed - there.keys()):
            begins = variable.endswith("_") and any(key.startswith(variable) for key in there)
            if not begins and not _is_spoken_of(rendered, variable):
                yield path, f"speaks of {variable}, which nothing reads"
    yield from _undocumented(rendered, documents)


def _undocumented(rendered: Rendered, documents: dict[str, Document]) -> Iterator[tuple[str, str]]:
    """A module whose pages have a table of settings has all of its settings there."""
    listed: dict[str, set[str]] = {}
    for path, document in documents.items():
        # What a level adds to a module is on pages of its own: redis-operation.md.
        module = PurePosixPath(path).stem.partition("-")[0]
        if document.rows:
            listed.setdefault(module, set()).update(variable for variable, _ in document.rows)
    for module, variables in listed.items():
        there = {setting.variable for setting in _all_fields(rendered, f"modules/{module}/")}
        for variable in sorted(there - variables):
            yield f"docs/{module}.md", f"does not document {variable}"


def _all_fields(rendered: Rendered, folder: str) -> Iterator[Setting]:
    """Every setting of the packages below a folder."""
    for path, content in rendered.files.items():
        if path.startswith(folder) and path.endswith(".py") and "/src/" in path:
            yield from _fields(content)


def _is_spoken_of(rendered: Rendered, variable: str) -> bool:
    word = variable.encode()
    return any(
        word in _words(content)
        for path, content in rendered.files.items()
        if not path.endswith(".md")
    )


@cache
def _document(content: bytes) -> Document:
    text = content.decode("utf-8", "replace")
    prose = FENCE.sub("", text)
    codes = CODE.findall(prose)
    words = CODE.sub("", prose)
    return Document(
        tuple(link for link in LINK.findall(prose) if not ABSOLUTE.match(link)),
        frozenset(map(_anchor, HEADING.findall(prose))),
        frozenset(
            path.rstrip("/")
            for path in [*filter(PATH.fullmatch, codes), *MENTIONED.findall(LINK.sub("", words))]
        ),
        frozenset(MODULE.findall(text)),
        frozenset(found[1] for code in codes if (found := VARIABLE.fullmatch(code))),
        tuple(
            (variable, default.strip().strip("`"))
            for table in SETTINGS_TABLE.findall(text)
            for variable, default in SETTING_ROW.findall(table)
        ),
        tuple(SECONDS.findall(prose)),
    )


def _anchor(heading: str) -> str:
    """The name by which a heading is linked to, as GitHub makes it."""
    return re.sub(r"[^\w -]", "", heading.strip().lower()).replace(" ", "-")


@cache
def _made(content: bytes) -> frozenset[str]:
    found = TARGET.findall(content.decode("utf-8", "replace"))
    return frozenset(target for targets in found for target in targets.split())


@cache
def _wanted(content: bytes, *, markdown: bool) -> frozenset[str]:
    if b"make " not in content:
        return frozenset()
    text = content.decode("utf-8", "replace")
    found: set[str] = set()
    for first, others, advised in MADE.findall(text):
        found |= {first, advised, *CODE.findall(others)}
    if markdown:
        found |= {
            target for fence in FENCE.findall(text) for target in MADE_IN_SHELL.findall(fence)
        }
    return frozenset(found - {""})


@cache
def _places(path: str) -> frozenset[str]:
    """Everything by which a path can be named: it, its folders, and either without the first ones."""
    parts = path.split("/")
    number = range(len(parts))
    return frozenset("/".join(parts[a : b + 1]) for a in number for b in number if a <= b)


@cache
def _names(content: bytes, path: str) -> bool:
    whole = rb"(?<![\w./-])" + re.escape(path.encode()) + rb"(?![\w-])"
    return re.search(whole, content) is not None


@cache
def _words(content: bytes) -> frozenset[bytes]:
    return frozenset(WORD.findall(content))


@cache
def _fields(content: bytes) -> tuple[Setting, ...]:
    """The fields of the classes of settings in a module; it may be one that does not compile."""
    if b"Settings" not in content:
        return ()
    try:
        module = ast.parse(content)
    except SyntaxError:
        return ()
    return tuple(
        Setting(field.target.id.upper(), _default(field.value))
        for node in module.body
        if isinstance(node, ast.ClassDef)
        and any(ast.unparse(base).endswith("Settings") for base in node.bases)
        for field in node.body
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
    )


def _default(value: ast.expr | None) -> Any:
    """The default of a field, given as such or to `Field`; `...` where there is none."""
    if value is None:
        return ...
    if isinstance(value, ast.Call) and ast.unparse(value.func) == "Field":
        given = {keyword.arg: keyword.value for keyword in value.keywords}
        return _default(value.args[0] if value.args else given.get("default"))
    code = compile(ast.Expression(value), "<default>", "eval")
    try:
        return eval(code, {"__builtins__": {}, "frozenset": frozenset, "SecretStr": str})  # noqa: S307
    except NameError:
        return UNREADABLE


def _told(default: Any) -> set[str]:
    """How a table may give a default; a text that is none says so in words."""
    if default is ...:
        return {"required"}
    if default is UNREADABLE:
        return {"a name"}
    if default is None:
        return {""}
    if isinstance(default, frozenset):
        default = sorted(default)
    return {default if isinstance(default, str) else json.dumps(default)}
