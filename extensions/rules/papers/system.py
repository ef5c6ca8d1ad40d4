"""The endpoints and events of a project, as its intake lists them."""

from collections.abc import Iterable, Mapping
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context

from ..catalog import catalog
from ..parts import present, services

# What both services offer for the records of an entity.
OPERATIONS = (
    ("create", "POST", "", "create {a}"),
    ("list", "GET", "", "list {plural_words}: filter, sort, cursor"),
    ("get", "GET", "/{{{name}_id}}", "get {a}"),
    ("update", "PATCH", "/{{{name}_id}}", "change some fields of {a}"),
    ("delete", "DELETE", "/{{{name}_id}}", "delete {a}"),
)
RECORDS = ("business", "data")


def endpoint_of(entity: Mapping[str, Any], operation: str) -> dict[str, str]:
    """The endpoint at which an operation of an entity is asked for."""
    method, rest, does = next(row[1:] for row in OPERATIONS if row[0] == operation)
    path = f"/api/v1/{entity['url']}{rest}"
    return {"method": method, "path": path.format_map(entity), "does": does.format_map(entity)}


@pass_context
def described_endpoints(context: Context) -> list[dict[str, str]]:
    """Every endpoint, with the services that answer at it."""
    records = [
        {**endpoint_of(entity, operation), "services": RECORDS}
        for entity in context["model"]["entities"]
        for operation, *_ in OPERATIONS
    ]
    return [
        {**endpoint, "services": _named(context, endpoint["services"])}
        for endpoint in [*records, *present(context, catalog()["endpoints"])]
    ]


@pass_context
def closing_endpoints(context: Context) -> list[str]:
    """What clients may ask for without a token, and no longer where every route takes one."""
    records = [
        endpoint_of(entity, operation)
        for entity in context["model"]["entities"]
        for operation, *_ in OPERATIONS
    ]
    others = [
        endpoint
        for endpoint in present(context, catalog()["endpoints"])
        if "business" in endpoint["services"] and not endpoint.get("open")
    ]
    return [f"{endpoint['method']} {endpoint['path']}" for endpoint in [*records, *others]]


@pass_context
def infrastructure(context: Context) -> list[str]:
    """What runs beside the services, by its name."""
    return [component["title"] for component in present(context, catalog()["components"])]


def _named(context: Context, kinds: Iterable[str]) -> str:
    return ", ".join(sorted(one["title"] for one in services(context) if one["kind"] in kinds))


@pass_context
def described_events(context: Context) -> list[dict[str, Any]]:
    """Every event, with what makes it happen and what listens to it."""
    entities = context["model"]["entities"]
    return [
        {
            "event": f"{entity['name']}.{event['event']}",
            "trigger": f"{entity['a']} {event['when']}, as by `{_asked(entity, event)}`",
            "consumers": _consumers(context, entity, event["event"]),
        }
        for entity in entities
        for event in present(context, catalog()["events"])
    ]


def _asked(entity: Mapping[str, Any], event: Mapping[str, Any]) -> str:
    endpoint = endpoint_of(entity, event["operation"])
    return f"{endpoint['method']} {endpoint['path']}"


def _consumers(context: Context, entity: Mapping[str, Any], event: str) -> list[str]:
    """What listens to an event: of each entity, or of the first one as an example."""
    first = context["model"]["entities"][0]
    return [
        f"`{one['name'].format(entities=entity['plural'])}` in `{context[one['service']]}`"
        for one in present(context, catalog()["consumers"])
        if one["event"] == event and (entity is first or "each" in one)
    ]
