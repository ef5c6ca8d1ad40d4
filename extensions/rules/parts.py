"""What a project consists of: services, containers and packages."""

from collections.abc import Iterable
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context

from .catalog import catalog
from .selection import brought


@pass_context
def present(context: Context, entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep the entries of a list in the catalog that the project has."""
    return brought(entries, context["level"], context["chosen"])


@pass_context
def services(context: Context) -> list[dict[str, Any]]:
    """The services of the project, with their names, in the order in which they start."""
    own = present(context, catalog()["services"])
    return [{**service, "name": context[service["variable"]]} for service in own]


@pass_context
def components(context: Context, additions: str = "compose_additions") -> list[dict[str, Any]]:
    """The containers of the project, in the order in which they start, with their Compose files.

    `additions` is the list in the catalog that says what completes them.
    """
    completing = present(context, catalog()[additions])
    found = []
    for component in [*present(context, catalog()["components"]), *services(context)]:
        own = [f".{entry['suffix']}" for entry in completing if component["kind"] in entry["to"]]
        files = [f"{component['name']}{suffix}.yml" for suffix in ("", *own)]
        found.append({**component, "files": files})
    return found


@pass_context
def packages(context: Context) -> list[dict[str, Any]]:
    """The workspace packages of the project's modules and providers."""
    return [
        {
            "name": layer["package"],
            "folder": f"modules/{layer['package'].removeprefix('chassis_')}",
            "about": layer["summary"],
        }
        for layer in [*catalog()["modules"], *catalog()["providers"]]
        if layer["name"] in context["chosen"] and "package" in layer
    ]
