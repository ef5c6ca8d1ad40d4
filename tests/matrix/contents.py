"""What holds for the content of one file, whatever project it is in."""

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files
from pathlib import PurePosixPath
from typing import Any

import yaml
from jsonschema import Draft202012Validator

# Files that are empty because that they are there is all that they say.
MARKERS = ("py.typed", "__init__.py")
CONFLICT = re.compile(r"^(<{7} |={7}$|>{7} )", re.MULTILINE)
SYNTAX = re.compile(r"{{(?:-?\s*(\w+))?|{%")
COMPOSE = re.compile(r"docker-compose[\w.-]*\.yml|deploy/(compose|local|production)/[\w.-]+\.yml")
# Every kind of file that some check reads; a file of another kind needs a check of its own first.
KINDS = {
    kind: re.compile(pattern)
    for kind, pattern in {
        "code, which is compiled and linted": r".+\.py",
        "settings, which are parsed": r".+\.toml",
        "Compose files, which have a schema": COMPOSE.pattern,
        "other YAML, which is parsed and read by tests": r"\.copier-answers\.yml|\.pre-commit-config\.yaml",
        "JSON, which is parsed and read by tests": r"shared/contracts\.json|deploy/grafana/dashboards/\w+\.json|services/\w+/sample_data/\w+\.json",
        "documents, which are compared with the project": r".+\.md",
        "lists of paths, which are compared with the project": r"\.ferrata/\w+\.txt",
        "the digest of the answers, which the hook compares": r"\.ferrata/answers\.sha256",
        "texts of messages, which tests fill in": r"shared/src/shared/messages/templates/\w+/\w+\.(txt|html)",
        "targets of make, which tests run": r"Makefile|.+\.mk",
        "the gateway, which nginx reads in tests": r"deploy/nginx/\w+\.conf",
        "monitoring, which promtool and amtool read in tests": r"deploy/(prometheus|alertmanager|grafana)/.+\.yml",
        "what exporters say, which tests read": r"deploy/prometheus/exported\.txt",
        "what keeps the logs, which tests run and hold together": r"deploy/logs/\w+\.(yml|conf|rb|sh|json|ndjson)",
        "Jaeger, whose parts tests hold together": r"deploy/jaeger/\w+\.yml",
        "the database of production, which tests run": r"deploy/postgres/\w+\.(sh|sql|conf)",
        "overlays of Kustomize, which tests build": r"deploy/kubernetes/\w+/\w+\.yml",
        "pipelines, which have schemas and are run by tests": r"\.github/.+\.yml|\.gitlab-ci\.yml",
        "images, which hadolint reads": r"deploy/docker/Dockerfile(\.\w+)?",
        "patterns for Git and Docker": r"\.gitignore|\.gitattributes|\.dockerignore",
        "variables, of which `make env` makes .env": r"\.env\.example",
        "the page of the gates, which tests look at": r"tools/check/style\.css",
        "the template of migrations, of which tests make one": r".+/alembic/script\.py\.mako",
        "marks of typed packages": r".+/py\.typed",
        "the licence, and the version of Python, which are answers": r"LICENSE|\.python-version",
    }.items()
}
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def faults(
    path: str, content: bytes, *, rendered: bool, variables: frozenset[str]
) -> Iterator[str]:
    """Say what is wrong with a file; `rendered` tells whether its source is a template."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        yield f"is no UTF-8 text: {error}"
        return
    if not any(kind.fullmatch(path) for kind in KINDS.values()):
        yield "is of a kind that no check knows (tests/matrix/contents.py, KINDS)"
    if not text.strip() and PurePosixPath(path).name not in MARKERS:
        yield "is empty"
    if found := CONFLICT.search(text):
        yield f"has a conflict marker: {found[0]!r}"
    if "\r" in text:
        yield "has a carriage return"
    yield from _leftovers(text, rendered=rendered, variables=variables)
    for suffix, parse in PARSERS.items():
        if path.endswith(suffix):
            try:
                parse(text)
            except (ValueError, yaml.YAMLError) as error:
                yield f"does not parse: {' '.join(str(error).split())}"
                return
    if COMPOSE.fullmatch(path):
        yield from _compose_faults(text)


def _leftovers(text: str, *, rendered: bool, variables: frozenset[str]) -> Iterator[str]:
    """Find template syntax: any in what was rendered, ours in what is copied as it is."""
    for found in SYNTAX.finditer(text):
        if rendered or found[1] in variables:
            yield f"has template syntax left: {found[0]!r}"
            return


def _compose_faults(text: str) -> Iterator[str]:
    for error in _compose_schema().iter_errors(parsed_yaml(text)):
        where = "/".join(str(part) for part in error.absolute_path)
        yield f"is no Compose file: {where or 'top'}: {error.message[:200]}"


@cache
def _compose_schema() -> Draft202012Validator:
    """The schema of the Compose specification, as check-jsonschema carries it."""
    folder = files("check_jsonschema") / "builtin_schemas" / "vendor"
    return Draft202012Validator(json.loads((folder / "compose-spec.json").read_text("utf-8")))


def parsed_yaml(text: str) -> Any:
    """The one document of a YAML text."""
    return yaml.load(text, Loader)  # noqa: S506  (a SafeLoader, see above)


PARSERS: dict[str, Callable[[str], Any]] = {
    ".toml": tomllib.loads,
    ".yml": parsed_yaml,
    ".yaml": parsed_yaml,
    ".json": json.loads,
}
