"""What the names of an entity meet in generated code: scope by scope, as Python resolves them."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from ferrata.planning import combinations, sample
from tests.matrix.renderer import Renderer
from tests.support import ROOT, brief, extension

# An entity with names that nothing else has, and how the rules write what is made of them.
NAME, PLURAL, FIELD = "qzebra", "qzoo", "qfield"
FORMS = {
    NAME: "{name}",
    NAME.upper(): "{NAME}",
    NAME.capitalize(): "{Class}",
    PLURAL: "{plural}",
    PLURAL.capitalize(): "{Classes}",
}
SNAKE = r"[a-z][a-z0-9]+(?:_[a-z0-9]+)*"
WRITTEN = {
    "{name}": SNAKE,
    "{plural}": SNAKE,
    "{field}": SNAKE,
    "{NAME}": r"[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)*",
    "{Class}": r"[A-Z][A-Za-z0-9]+",
    "{Classes}": r"[A-Z][A-Za-z0-9]+",
}
OWN = re.compile(rf"{NAME}|{PLURAL}".encode(), re.IGNORECASE)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
SCOPES = (ast.Module, ast.ClassDef, *FUNCTIONS)
Scope = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Met:
    """What stands beside the names of an entity."""

    # Names that a form could be the same as, ...
    names: dict[str, set[str]] = field(default_factory=dict)
    # ... forms of one entity in one module, and those of all entities in one.
    together: set[str] = field(default_factory=set)
    across: set[frozenset[str]] = field(default_factory=set)


@cache
def met(*, everywhere: bool = False) -> Met:
    """Look at every module of a sample of the combinations, or of all of them, once each.

    The sample has each pair of layers, and all of them together.
    """
    found, seen, renderer = Met(), set[tuple[str, bytes]](), Renderer(ROOT)
    every = combinations(extension())
    for one in every if everywhere else [*sample(extension(), every), every[-1]]:
        project = renderer.render(brief() | one.answers | {"entities": [entity()]})
        for path, content in project.files.items():
            if path.endswith(".py") and OWN.search(content) and (path, content) not in seen:
                seen.add((path, content))
                _look(found, path, ast.parse(content))
    return found


def entity() -> dict[str, object]:
    """An entity with fields of all types, limits and defaults."""
    fields = []
    for kind, facts in extension().catalog()["field_types"].items():
        one: dict[str, object] = {"name": f"{FIELD}_{kind}", "type": kind}
        if kind == "enum":
            one["values"] = ["a", "b"]
        if kind == "reference":
            one["references"] = NAME
        if "minimum" in facts["limits"]:
            one |= {"minimum": 1, "maximum": 5}
            fields.append({**one, "name": f"{FIELD}_{kind}_set", "default": 3})
        if facts["unique"]:
            fields.append({**one, "name": f"{FIELD}_{kind}_one", "unique": True})
        fields.append(one)
    return {"name": NAME, "plural": PLURAL, "fields": fields}


def _look(found: Met, path: str, tree: ast.Module) -> None:
    for node in ast.walk(tree):
        if isinstance(node, SCOPES):
            bound, used = _names(node)
            forms = {form for name in bound if (form := _form(name))}
            for form in forms:
                others = {name for name in bound | used if not _form(name)}
                alike = {name for name in others if re.fullmatch(_pattern(form), name)}
                found.names.setdefault(form, set()).update(alike)
            if isinstance(node, ast.Module):
                classes = {form for form in forms if "{Class" in form and FIELD not in form.lower()}
                found.together |= classes
                if len(classes) > 1 and NAME not in path and PLURAL not in path:
                    found.across.add(frozenset(classes))


def _form(name: str) -> str:
    """How a name is made of those of the entity, or nothing."""
    if name.startswith(f"{FIELD}_"):
        return "{field}"
    made = name
    for word, form in FORMS.items():
        made = made.replace(word, form)
    return made if made != name else ""


def _pattern(form: str) -> str:
    pattern = re.escape(form)
    for word, written in WRITTEN.items():
        pattern = pattern.replace(re.escape(word), written)
    return pattern


def _names(scope: Scope) -> tuple[set[str], set[str]]:
    """What a scope binds, and what is looked up in it: from functions inside of it too.

    Functions do not look into the class that they are in.
    """
    bound = set[str]()
    if isinstance(scope, FUNCTIONS):
        bound = {node.arg for node in ast.walk(scope.args) if isinstance(node, ast.arg)}
    inside = _own(scope, into_functions=not isinstance(scope, ast.ClassDef))
    looked_up = {node.id for node in inside if isinstance(node, ast.Name)}
    for node in _own(scope, into_functions=False):
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                bound.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                bound.add(name)
            case ast.ClassDef(name=name):
                bound.add(name)
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                bound |= {one.asname or one.name for one in names}
    return bound, looked_up


def _own(scope: Scope, *, into_functions: bool) -> Iterator[ast.AST]:
    """Everything in a scope; of a function or class inside of it the outside, or all."""
    ahead: list[ast.AST] = list(scope.body)
    while ahead:
        node = ahead.pop()
        yield node
        if isinstance(node, FUNCTIONS) and not into_functions:
            ahead += [*node.decorator_list, node.args, *([node.returns] if node.returns else [])]
        elif isinstance(node, ast.ClassDef) and not into_functions:
            ahead += [*node.decorator_list, *node.bases, *node.keywords]
        else:
            ahead += ast.iter_child_nodes(node)
