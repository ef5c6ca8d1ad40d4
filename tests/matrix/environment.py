"""Environment variables: what Compose asks for is in .env.example, and what is given is read."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from tests.matrix import compose
from tests.matrix.dependencies import DEVELOPMENT
from tests.matrix.renderer import Rendered
from tests.matrix.syntax import Code

EXAMPLE = ".env.example"
RUNNER = "tools/services.toml"
ASSIGNED = re.compile(r"^(\w+)=", re.MULTILINE)
# `$$` is a dollar, not a variable.
ASKED = re.compile(r"\$\$|\$\{?(\w+)")
# What libraries read by themselves, and what settings are read by.
LIBRARIES = {"PGPASSWORD", "SECRETS_DIR"}
# What is chosen for production is told on its page; its commands give the rest.
PRODUCTION = "docker-compose.prod.yml"
PRODUCTION_PAGE = "docs/production.md"
TOLD = re.compile(r"`([A-Z][A-Z0-9_]+)`")
GIVEN_BY_COMMANDS = {"RELEASE", "SECRETS", "GATEWAY_USER"}

Found = Iterator[tuple[str, str]]


def unmatched(rendered: Rendered, codes: Mapping[str, Code]) -> Found:
    """Say which variable is asked for and not listed, listed and not read, given and not read."""
    listed = _listed(rendered.text(EXAMPLE))
    asked = {path: _asked(rendered.text(path)) for path in compose.compose_files(rendered)}
    production = _of_production(rendered)
    for path, names in asked.items():
        page, known = (
            (PRODUCTION_PAGE, _told(rendered)) if path in production else (EXAMPLE, listed)
        )
        for name in sorted(names - known):
            yield path, f"asks for {name}, which {page} does not list"
    read = LIBRARIES | {
        field.upper()
        for path, code in codes.items()
        if not DEVELOPMENT.match(path)
        for found in code.settings
        for field in found.fields
    }
    for name in sorted(listed - read.union(*asked.values())):
        yield EXAMPLE, f"lists {name}, which neither a Compose file nor a setting reads"
    for path, service, names in _given(rendered):
        for name in sorted(names - read):
            yield path, f"gives {name} to {service}, and no setting reads it"


def _of_production(rendered: Rendered) -> set[str]:
    """The files of production."""
    if PRODUCTION not in rendered.files:
        return set()
    groups = compose.included(rendered, PRODUCTION)
    return {PRODUCTION, *(file for group in groups for file in group)}


def _told(rendered: Rendered) -> set[str]:
    return GIVEN_BY_COMMANDS.union(TOLD.findall(rendered.text(PRODUCTION_PAGE)))


def _given(rendered: Rendered) -> Iterator[tuple[str, str, set[str]]]:
    """The variables that services of the project get, by Compose and by `make dev`."""
    for main, over in ((compose.MAIN, None), (PRODUCTION, PRODUCTION)):
        if main not in rendered.files:
            continue
        containers = compose.system(rendered, over).get("services") or {}
        own = {of.get("image") for of in containers.values() if _is_built(of)} - {None}
        for name, container in containers.items():
            if _is_built(container) or container.get("image") in own:
                yield main, name, set(container.get("environment") or {})
    for name, names in _given_in_development(rendered.text(RUNNER)).items():
        yield RUNNER, name, names


def _is_built(container: Mapping[str, Any]) -> bool:
    """Tell whether it is made of a service of the project; a server may have an image, too."""
    return "SERVICE" in (container.get("build") or {}).get("args", {})


@cache
def _given_in_development(text: str) -> dict[str, set[str]]:
    document = tomllib.loads(text)
    processes = {**document.get("services", {}), **document.get("processes", {})}
    return {name: set(of.get("env", {})) for name, of in processes.items()}


@cache
def _listed(text: str) -> frozenset[str]:
    return frozenset(ASSIGNED.findall(text))


@cache
def _asked(text: str) -> frozenset[str]:
    return frozenset(filter(None, ASKED.findall(text)))
