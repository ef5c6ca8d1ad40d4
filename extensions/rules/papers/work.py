"""The work list: what of each requirement is there already, and where the rest is written."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import pass_context

from ..catalog import catalog
from ..checks.contradictions import sign_of
from ..names import words
from ..selection import brought
from .system import endpoint_of

LOGIC, TESTING = "4.3", "4.6"
# Where a path is about an entity that the requirement does not name.
ANY = {"entity": "<entity>", "entities": "<entities>"}
USE_CASES = {
    operation: "{api}/application/{entities}/" + f"{operation}_{of}.py"
    for operation, of in (
        ("create", "{entity}"),
        ("get", "{entity}"),
        ("list", "{entities}"),
        ("update", "{entity}"),
        ("delete", "{entity}"),
    )
}


@pass_context
def work_list(known: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give every requirement, constraint and integration, in the order of the phases.

    `known` are the answers with all that follows from them, as templates have it.
    """
    items = [
        *(_requirement(known, one) for one in known["functional_requirements"]),
        *(_integration(known, one) for one in known["integrations"]),
        *(_constraint(known, one) for one in known["non_functional"].get("constraints", [])),
    ]
    order = [phase["phase"] for phase in catalog()["phases"]]
    return sorted(items, key=lambda item: order.index(item["phase"]))


def _requirement(known: Mapping[str, Any], requirement: Mapping[str, Any]) -> dict[str, Any]:
    named = [operation.split(".") for operation in requirement.get("operations", [])]
    there = {entity["name"]: entity for entity in known["model"]["entities"]}
    generated = [_generated(known, there[name], operation) for name, operation in named]
    about = list(dict.fromkeys(name for name, _ in named)) or _spoken_of(known, requirement)
    entity = there[about[0]] if about else None
    item = {
        **_head(requirement, "requirement"),
        "phase": _phase(known, f"{requirement['title']} {requirement.get('acceptance', '')}"),
        "state": _state(requirement, generated),
        "entities": about,
        "generated": generated,
    }
    return _with_steps(item, [] if _is_closed(item) else _steps(known, entity))


def _head(requirement: Mapping[str, Any], kind: str) -> dict[str, Any]:
    return {
        "id": requirement["id"],
        "kind": kind,
        "title": requirement["title"],
        "priority": requirement["priority"],
        "acceptance": requirement.get("acceptance", "").strip(),
    }


def _state(requirement: Mapping[str, Any], generated: Sequence[Mapping[str, Any]]) -> str:
    """`generated` has a test already; what its acceptance notes ask for besides may be open."""
    if "descoped" in requirement:
        return "descoped"
    return "generated" if generated else "open"


def _is_closed(item: Mapping[str, Any]) -> bool:
    """Tell whether nothing is left: descoped, or generated and nothing said beyond the operation."""
    return item["state"] == "descoped" or (item["state"] == "generated" and not item["acceptance"])


def _with_steps(item: dict[str, Any], steps: Sequence[dict[str, str]]) -> dict[str, Any]:
    mark = f'@pytest.mark.requirement("{item["id"]}")' if item["id"] else None
    return {**item, "write": list(steps), "mark": mark, "done_when": _done_when(mark)}


def _done_when(mark: str | None) -> str:
    """An integration has no id; what uses it proves it."""
    tests = f"tests marked `{mark}` prove it" if mark else "tests of what uses it prove it"
    return f"what is said here holds, {tests}, and `make check` is green"


def _generated(
    known: Mapping[str, Any], entity: Mapping[str, Any], operation: str
) -> dict[str, str]:
    endpoint = endpoint_of(entity, operation)
    return {
        "operation": f"{entity['name']}.{operation}",
        "endpoint": f"{endpoint['method']} {endpoint['path']}",
        "use_case": _source(USE_CASES[operation], known, entity),
        "test": _test(known, entity),
    }


def _spoken_of(known: Mapping[str, Any], requirement: Mapping[str, Any]) -> list[str]:
    """The entities that the title names, or else the acceptance notes, as they come."""
    entities = known["model"]["entities"]
    whole = {entity["name"]: {entity["name"], entity["plural"]} for entity in entities}
    for text in (requirement["title"], requirement.get("acceptance", "")):
        for names in (whole, _telling(entities)):
            if found := _mentioned(text, names):
                return found
    return []


def _telling(entities: Sequence[Mapping[str, Any]]) -> dict[str, set[str]]:
    """The fields and parts of names that tell an entity from all others."""
    found = {
        entity["name"]: {*entity["name"].split("_"), *(field["name"] for field in entity["fields"])}
        for entity in entities
    }
    number = Counter(word for own in found.values() for word in own)
    return {name: {word for word in own if number[word] == 1} for name, own in found.items()}


def _mentioned(text: str, names: Mapping[str, set[str]]) -> list[str]:
    places = {}
    for entity, own in names.items():
        either = "|".join(sorted(re.escape(words(name)) for name in own))
        if either and (found := re.search(rf"\b(?:{either})\b", text, re.IGNORECASE)):
            places[entity] = found.start()
    return sorted(places, key=places.__getitem__)


def _phase(known: Mapping[str, Any], text: str) -> str:
    """The phase of a chosen module that the text hints at; else business logic."""
    own = {phase["module"]: phase["phase"] for phase in catalog()["phases"] if "module" in phase}
    for module in catalog()["modules"]:
        if module["name"] in known["chosen"] and sign_of(module, text):
            return str(own.get(module["name"], LOGIC))
    return LOGIC


def _steps(known: Mapping[str, Any], entity: Mapping[str, Any] | None) -> list[dict[str, str]]:
    """Where what is still to be written goes, in the order of the phases."""
    places = brought(catalog()["places"], known["level"], known["chosen"])
    steps = [
        {"phase": place["phase"], "what": _what(place), "file": _file(place["path"], known, entity)}
        for place in places
    ]
    return [
        *steps,
        {"phase": TESTING, "what": "the tests that prove it", "file": _test(known, entity)},
    ]


def _what(place: Mapping[str, str]) -> str:
    return f"{place['to']}, with its line in `{place['line']}`" if "line" in place else place["to"]


def _integration(known: Mapping[str, Any], integration: Mapping[str, Any]) -> dict[str, Any]:
    """What reaches a system of others: never generated without a module for it."""
    source = "{api}/infrastructure/<name>.py"
    item = {
        "id": None,
        "kind": "integration",
        "title": integration["name"],
        "priority": "must",
        "acceptance": integration["purpose"].strip(),
        "phase": _phase(known, f"{integration['name']} {integration['purpose']}"),
        "state": "open",
        "entities": [],
        "generated": [],
    }
    where = (
        ("its address and secrets, as settings", "{api}/settings.py"),
        ("an adapter, named by the technology", source),
        ("the port of the use cases that need it", "{api}/application/<entities>/ports.py"),
        ("which adapter stands behind the port", "{api}/api/dependencies.py"),
    )
    steps = [{"phase": LOGIC, "what": what, "file": _source(path, known)} for what, path in where]
    return _with_steps(item, steps)


def _constraint(known: Mapping[str, Any], constraint: Mapping[str, Any]) -> dict[str, Any]:
    """A measurable constraint: a test with its id measures it."""
    item = {
        **_head(constraint, "constraint"),
        "phase": TESTING,
        "state": _state(constraint, ()),
        "entities": [],
        "generated": [],
    }
    file = f"services/{known['api']}/tests/<kind>/test_<name>.py"
    steps = [{"phase": TESTING, "what": "a test that measures it", "file": file}]
    return _with_steps(item, [] if _is_closed(item) else steps)


def _file(path: str, known: Mapping[str, Any], entity: Mapping[str, Any] | None = None) -> str:
    of = {"entity": entity["name"], "entities": entity["plural"]} if entity else ANY
    names = {one["variable"]: known[one["variable"]] for one in catalog()["services"]}
    return path.format_map({**names, **of})


def _source(path: str, known: Mapping[str, Any], entity: Mapping[str, Any] | None = None) -> str:
    return _file(f"services/{known['api']}/src/{path}", known, entity)


def _test(known: Mapping[str, Any], entity: Mapping[str, Any] | None) -> str:
    return _file("services/{api}/tests/unit/api/test_{entities}.py", known, entity)
