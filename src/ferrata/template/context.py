"""The variables that the templates see, worked out from the answers as Copier does, but without it.

Copier takes half a second to import; a plan has to be there sooner.
"""

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ferrata.template.names import ANSWERS_FILE
from ferrata.template.opening import Template

try:
    from yaml import CSafeLoader as SafeLoader
except ImportError:  # PyYAML without its C part
    from yaml import SafeLoader  # type: ignore[assignment]


class _Loader(SafeLoader):
    """YAML with Copier's `!include`."""

    folder: Path


def _include(loader: _Loader, node: yaml.Node) -> Any:
    return _documents(loader.folder / str(loader.construct_scalar(node)), loader.folder)  # type: ignore[arg-type]


_Loader.add_constructor("!include", _include)


def _documents(file: Path, folder: Path) -> dict[str, Any]:
    """Merge the documents of a YAML file."""
    loader = _Loader(file.read_text("utf-8"))
    loader.folder = folder
    merged: dict[str, Any] = {}
    while loader.check_node():
        merged.update(loader.get_data() or {})
    return merged


@functools.cache
def configuration(tree: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The settings of copier.yml without their underscore, and the questions, in order."""
    content = _documents(tree / "copier.yml", tree)
    settings = {key[1:]: value for key, value in content.items() if key.startswith("_")}
    questions = {key: value for key, value in content.items() if not key.startswith("_")}
    return settings, questions


def environment(template: Template) -> Environment:
    """Jinja as the template's files are rendered with."""
    settings, _ = configuration(template.tree)
    options = {**settings.get("envops", {}), "undefined": StrictUndefined}
    # Plain text and source code are rendered, not HTML.
    jinja = Environment(loader=FileSystemLoader(template.tree), autoescape=False, **options)  # noqa: S701
    jinja.filters["to_json"] = json.dumps
    template.rules.Answers(jinja)
    # The answers were checked before; Copier would run these two again.
    jinja.globals["given"] = jinja.globals["checked"] = lambda *_: ""
    return jinja


def variables(template: Template, jinja: Environment, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Every variable: the answers, the defaults of what was left out, and what is computed."""
    _, questions = configuration(template.tree)
    known: dict[str, Any] = {"_copier_conf": {"answers_file": ANSWERS_FILE, "defaults": True}}
    for name, question in questions.items():
        if name in answers:
            known[name] = answers[name]
        elif "default" in question:
            known[name] = _default(jinja, question, known)
    return {**known, "_copier_answers": {key: known[key] for key in questions if key in answers}}


def _default(jinja: Environment, question: Mapping[str, Any], known: Mapping[str, Any]) -> Any:
    default = question["default"]
    if not isinstance(default, str):
        return default
    text = jinja.from_string(default).render(known)
    return text if question["type"] == "str" else yaml.load(text, SafeLoader)
