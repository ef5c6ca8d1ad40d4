"""The Jinja extension of the template: checks the answers and prepares them for the templates.

It is one file because Copier loads it afresh for every template version during an update, while
modules that it imported would stay at the version loaded first. It has three parts:

1. `problems(answers)`: everything that is wrong with a set of answers, all at once.
2. `data_model(entities)`: the entities as the templates need them, names and types worked out.
3. `python(source)`: the layout of generated Python (imports, long lines) without a formatter run.
4. `expanded(...)`: which files the answers give, and who owns each.

Copier calls the check twice: `given` before the first question (what was passed in, before Copier
coerces it) and `checked` after the last one. Both stop with a message before a file is written.
"""

import builtins
import difflib
import functools
import hashlib
import io
import itertools
import json
import keyword
import re
import sys
import tokenize
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Any

import yaml
from jinja2 import Environment, Template, pass_context
from jinja2.ext import Extension
from jinja2.runtime import Context
from jsonschema import Draft202012Validator
from pathspec import PathSpec

SCHEMAS = Path(__file__).resolve().parent.parent / "schemas"

# JSON clients read integers exactly up to this value (RFC 8259, section 6).
LARGEST_INTEGER = 2**53 - 1
STRING_LENGTH = 255
TEXT_LENGTH = 10_000
DECIMAL_DIGITS = 18
DECIMAL_PLACES = 2
LINE_LENGTH = 100
# How much of a wrong value an error message shows.
SHOWN_LENGTH = 60


@functools.cache
def catalog() -> dict[str, Any]:
    """Levels, modules, features and field types, as schemas/catalog.yml has them."""
    text = (SCHEMAS / "catalog.yml").read_text("utf-8")
    # The loader written in C is ten times as fast, where PyYAML has it.
    loaded: dict[str, Any] = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    return loaded


@functools.cache
def schema() -> dict[str, Any]:
    """The JSON schema of the answers."""
    loaded: dict[str, Any] = json.loads((SCHEMAS / "answers.schema.json").read_text("utf-8"))
    return loaded


# --------------------------------------------------------------------------- 1. what is wrong


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with the answers.

    `path` names the answer (`entities[0].fields[1].type`); `question` is what to ask the user
    when a mandatory answer is missing, in plain words.
    """

    path: str
    message: str
    question: str | None = None

    @property
    def missing(self) -> bool:
        """Tell whether nothing was given there, so that an answer mends it."""
        return self.message.startswith("is missing")

    def __str__(self) -> str:
        """Give the problem as one line."""
        asked = f" {self.question}" if self.question else ""
        return f"{self.path}: {self.message}{asked}"


def problems(answers: Mapping[str, Any], *, complete: bool = True) -> list[Problem]:
    """List everything that is wrong with the answers, in the order of the schema.

    With `complete=False` missing answers are not counted: only what is there is checked.
    """
    shape = [
        error
        for error in Draft202012Validator(schema()).iter_errors(dict(answers))
        if complete or error.validator != "required" or error.absolute_path
    ]
    shape.sort(key=lambda error: error.validator != "type")
    found = _one_a_path(problem for error in shape for problem in _described(error))
    broken = {str(error.absolute_path[0]) for error in shape if error.absolute_path}
    sound = {key: value for key, value in answers.items() if key not in broken}
    for rule in RULES:
        found.extend(rule(sound))
    order = list(schema()["properties"])
    return sorted(dict.fromkeys(found), key=lambda problem: _position(problem.path, order))


def _one_a_path(described: Iterable[Problem]) -> list[Problem]:
    """Keep the first problem of each path: a wrong type says more than what follows from it."""
    first: dict[str, Problem] = {}
    for problem in described:
        first.setdefault(problem.path, problem)
    return list(first.values())


def _position(path: str, order: Sequence[str]) -> int:
    head = re.split(r"[.\[]", path, maxsplit=1)[0]
    return order.index(head) if head in order else -1


def _described(error: Any) -> Iterator[Problem]:  # noqa: C901, PLR0912  (one case for each keyword)
    """Say a schema error in words: what is wrong, what is allowed, what to ask."""
    path = _path(error.absolute_path)
    expected = error.schema.get("x-expected")
    match error.validator:
        case "required":
            for name in error.validator_value:
                if name not in error.instance:
                    question = error.schema["properties"].get(name, {}).get("x-question")
                    yield Problem(_path([*error.absolute_path, name]), "is missing.", question)
        case "additionalProperties":
            known = list(error.schema["properties"])
            for name in error.instance.keys() - set(known):
                yield Problem(_path([*error.absolute_path, name]), _unknown(str(name), known))
        case "enum":
            allowed = ", ".join(str(value) for value in error.validator_value)
            yield Problem(path, f"must be one of {allowed}; got: {_shown(error.instance)}")
        case "type":
            kinds = error.validator_value
            kind = " or ".join(
                TYPE_NAMES[k] for k in ([kinds] if isinstance(kinds, str) else kinds)
            )
            yield Problem(path, f"must be {kind}; got: {_shown(error.instance)}")
        case "pattern" | "format":
            yield Problem(path, f"must be {expected}; got: {_shown(error.instance)}")
        case "minLength":
            least = f"at least {error.validator_value} character(s)"
            yield Problem(path, f"must have {least}; got: {_shown(error.instance)}")
        case "maxLength":
            yield Problem(
                path,
                f"must have at most {error.validator_value} characters; got {len(error.instance)}",
            )
        case "minItems":
            yield Problem(path, f"must have at least {error.validator_value} item(s); got none")
        case "maxItems":
            most = f"at most {error.validator_value} items"
            yield Problem(path, f"must have {most}; got {len(error.instance)}")
        case "uniqueItems":
            yield Problem(path, f"must name each item once; got: {_shown(error.instance)}")
        case "minimum":
            least = f"at least {error.validator_value}"
            yield Problem(path, f"must be {least}; got: {_shown(error.instance)}")
        case "maximum":
            most = f"at most {error.validator_value}"
            yield Problem(path, f"must be {most}; got: {_shown(error.instance)}")
        case _:
            yield Problem(path, error.message)


TYPE_NAMES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}


def _path(parts: Iterable[object]) -> str:
    """`entities[0].name`; a key that is no printable text is shown escaped, on the same line."""
    text = ""
    for part in parts:
        name = str(part)
        shown = name if name.isprintable() else repr(name)[1:-1]
        text += f"[{part}]" if isinstance(part, int) else f".{shown}"
    return text.removeprefix(".") or "answers"


def _shown(value: object) -> str:
    """Show a value on one line, cut where it is long."""
    text = repr(value)
    return text if len(text) <= SHOWN_LENGTH else f"{text[: SHOWN_LENGTH - 3]}..."


def _unknown(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    meant = f"; did you mean {close[0]!r}?" if close else f"; known here: {', '.join(known)}"
    return f"is not a known key{meant}"


# Every rule looks at the sound part of the answers only (see `problems`), and says what the
# schema cannot: what is available, what would collide, what contradicts.


def _availability(answers: Mapping[str, Any]) -> Iterator[Problem]:
    levels = [level for level in catalog()["levels"] if level["available"]]
    offered = ", ".join(str(level["level"]) for level in levels)
    level = answers.get("level")
    if level is not None and level not in [entry["level"] for entry in levels]:
        yield Problem(
            "level", f"level {level} is not available in this version; available: {offered}"
        )
    modules = [module["name"] for module in catalog()["modules"] if module["available"]]
    for index, name in enumerate(answers.get("modules", [])):
        if name not in modules:
            offered = ", ".join(modules) or "none"
            yield Problem(
                f"modules[{index}]",
                f"module {name!r} is not available in this version; available: {offered}",
            )


def _function_needs_reason(answers: Mapping[str, Any]) -> Iterator[Problem]:
    if answers.get("function") and not answers.get("function_reason"):
        yield Problem(
            "function_reason",
            "is missing.",
            "Why is {context}_{domain} ambiguous, so that the name needs a fourth part?",
        )
    if answers.get("function_reason") and not answers.get("function"):
        yield Problem(
            "function_reason", "is only used with `function`; remove it or add `function`"
        )


def _service_names(answers: Mapping[str, Any]) -> Iterator[Problem]:
    if answers.get("domain") == "data" and answers.get("function") in {"postgres", "mongo"}:
        yield Problem(
            "function", "would give the business API the name of a data service; choose another"
        )
    for key in ("context", "domain", "function"):
        if answers.get(key) in FOREIGN_PACKAGES:
            yield Problem(key, f"{answers[key]!r} is the name of a package of every project")


FOREIGN_PACKAGES = frozenset({"chassis", "shared", "tools", "tests"})


def _requirement_ids(answers: Mapping[str, Any]) -> Iterator[Problem]:
    lists = {
        "functional_requirements": answers.get("functional_requirements", []),
        "non_functional.constraints": answers.get("non_functional", {}).get("constraints", []),
    }
    for path, requirements in lists.items():
        seen: set[str] = set()
        for index, requirement in enumerate(requirements):
            if requirement["id"] in seen:
                yield Problem(f"{path}[{index}].id", f"{requirement['id']} is given twice")
            seen.add(requirement["id"])


def _operations(answers: Mapping[str, Any]) -> Iterator[Problem]:
    names = [entity["name"] for entity in answers.get("entities", [])]
    for index, requirement in enumerate(answers.get("functional_requirements", [])):
        for number, operation in enumerate(requirement.get("operations", [])):
            if names and operation.split(".")[0] not in names:
                yield Problem(
                    f"functional_requirements[{index}].operations[{number}]",
                    f"names no entity; got: {operation!r}, entities: {', '.join(names)}",
                )


def _entity_names(answers: Mapping[str, Any]) -> Iterator[Problem]:
    taken: dict[str, str] = {}
    for index, entity in enumerate(answers.get("entities", [])):
        path = f"entities[{index}]"
        for key, name in (("name", entity["name"]), ("plural", plural_of(entity))):
            for message in _entity_name_faults(key, name):
                yield Problem(f"{path}.{key}", message)
        if entity["name"] == plural_of(entity):
            yield Problem(
                f"{path}.plural",
                f"must differ from the name {entity['name']!r}; give one, such as "
                f"'{entity['name']}_list'",
            )
        for name in (entity["name"], plural_of(entity)):
            form = class_name(name).lower()
            if form in taken and taken[form] != path:
                yield Problem(
                    f"{path}.name",
                    f"{entity['name']!r} collides with {taken[form]} in the form {name!r}; "
                    "rename one, or set its `plural`",
                )
            taken.setdefault(form, path)


def _entity_name_faults(key: str, name: str) -> Iterator[str]:
    """Say why an entity cannot have a name; `key` tells whether it is its `name` or `plural`."""
    other = f"'{name}_list'" if key == "plural" else f"'{name}_record'"
    if keyword.iskeyword(name):
        yield f"{name!r} is a Python keyword; choose another name"
    if key == "plural" and (name in dir(builtins) or name in RESERVED_PLURALS):
        yield (
            f"{name!r} would hide a name that generated code uses; give another plural, "
            f"such as {other}"
        )
    for hidden in sorted(_class_names(name) & RESERVED_CLASSES):
        yield (
            f"{name!r} would hide {hidden!r}, which generated code uses; "
            f"choose a more specific name, such as '{name}_record'"
        )
    if name in RESERVED_MODULES or (key == "name" and name in RESERVED_PACKAGES):
        yield f"{name!r} is a module of every project; choose another"
    if name in DEVICES:
        yield (
            f"{name!r} is a device on Windows, where no file can be called '{name}.py'; "
            f"choose another name, such as {other}"
        )


def _class_names(name: str) -> set[str]:
    """The classes that are generated for an entity."""
    suffixes = ("", "Create", "Changes", "Read", "Query", "Sort", "Repository")
    return {f"{class_name(name)}{suffix}" for suffix in suffixes}


# Names that the generated modules import or define beside an entity's own classes.
# tests/template/test_reserved_names.py compares them with a generated project.
RESERVED_CLASSES = frozenset(
    """
    Annotated Any AwareDatetime Base DataApiRecords DataSettings Decimal Depends EmailStr
    FeatureSettings Field ListQuery Literal Mapped Mapping NotNull Page Path Protocol Query Record
    Repository RuleViolated Schema Settings Url
    """.split()
)
RESERVED_PLURALS = frozenset(
    {"body", "changed", "created", "found", "page", "query", "sent"}
    # What is in a folder of this name is taken for tests.
    | {"tests"}
    # Tables that modules have.
    | {"daily_counts", "handled_messages", "outbox"}
)
RESERVED_MODULES = frozenset(
    {"errors", "ports", "dependencies", "problems", "conftest", "fakes", "use_cases"}
)
# Packages beside the modules that have an entity's name, not its plural.
RESERVED_PACKAGES = frozenset({"events"})
# No file or folder has these names on Windows, nor with a suffix. Of all names that are given, only
# those of entities become one as they are: what is made of the others has more parts.
DEVICES = frozenset({"aux", "con", "nul", "prn"}) | {
    f"{port}{number}" for port in ("com", "lpt") for number in range(10)
}


def _field_names(answers: Mapping[str, Any]) -> Iterator[Problem]:
    for entity_index, entity in enumerate(answers.get("entities", [])):
        taken: dict[str, str] = {}
        for suffix in ("", "Create", "Changes", "Read", "Query", "Sort"):
            taken[suffix.lower()] = f"{class_name(entity['name'])}{suffix}"
        parameters = {name for field in entity["fields"] for name in _range_parameters(field)}
        for index, field in enumerate(entity["fields"]):
            path = f"entities[{entity_index}].fields[{index}].name"
            name = field["name"]
            reason = _field_name_fault(name)
            if reason:
                yield Problem(path, f"{name!r} {reason}; choose another name")
            if name in parameters:
                yield Problem(path, f"{name!r} is already the list filter of another field")
            form = class_name(name).lower()
            if form in taken:
                yield Problem(path, f"{name!r} collides with {taken[form]!r}; rename it")
            taken[form] = name


def _field_name_fault(name: str) -> str | None:
    if keyword.iskeyword(name):
        return "is a Python keyword"
    for names, reason in RESERVED_FIELDS:
        if name in names:
            return reason
    return None


RESERVED_FIELDS = (
    (frozenset({"id", "created_at", "updated_at"}), "is a field that every entity has already"),
    (frozenset({"limit", "cursor", "sort"}), "is a parameter of every list"),
    (frozenset({"str", "int", "bool", "dict", "dt"}), "would hide the type of other fields"),
    (frozenset({"check", "self", "cls"}), "would hide a part of the generated class"),
    (
        # The public attributes of pydantic's BaseModel; compared with pydantic in the tests.
        frozenset(
            """
            construct copy dict from_orm json model_computed_fields model_config model_construct
            model_copy model_dump model_dump_json model_extra model_fields model_fields_set
            model_json_schema model_parametrized_name model_post_init model_rebuild model_validate
            model_validate_json model_validate_strings parse_file parse_obj parse_raw schema
            schema_json update_forward_refs validate
            """.split()
        ),
        "would hide an attribute of pydantic's BaseModel",
    ),
)


def _range_parameters(field: Mapping[str, Any]) -> list[str]:
    if "range" not in catalog()["field_types"][field["type"]]["filters"]:
        return []
    return [f"{field['name']}_min", f"{field['name']}_max"]


def _field_limits(answers: Mapping[str, Any]) -> Iterator[Problem]:
    for entity_index, entity in enumerate(answers.get("entities", [])):
        for index, field in enumerate(entity["fields"]):
            path = f"entities[{entity_index}].fields[{index}]"
            faults = list(_limit_faults(field)) or list(_default_faults(field))
            for key, message in faults:
                yield Problem(f"{path}.{key}", message)


def _limit_faults(field: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Name the attributes that do not fit the field's type or each other."""
    kind = catalog()["field_types"][field["type"]]
    for key in ("max_length", "minimum", "maximum", "decimal_places", "values", "references"):
        if key in field and key not in kind["limits"]:
            yield key, f"does not apply to a field of type {field['type']}; remove it"
    for key, of in (("values", "enum"), ("references", "reference")):
        if field["type"] == of and key not in field:
            yield key, f"is missing; a field of type {of} needs it"
    if field.get("unique") and not kind["unique"]:
        yield "unique", f"does not apply to a field of type {field['type']}; remove it"
    for key in ("minimum", "maximum"):
        if key in field and not _fits(field, field[key]):
            yield key, f"must be {_number_words(field)}; got: {field[key]}"
    if "minimum" in field and "maximum" in field and field["minimum"] > field["maximum"]:
        yield (
            "minimum",
            f"must not be above the maximum {field['maximum']}; got: {field['minimum']}",
        )


def _fits(field: Mapping[str, Any], number: object) -> bool:
    """Tell whether a number has no more digits, before and after the point, than the field keeps."""
    places = field.get("decimal_places", DECIMAL_PLACES) if field["type"] == "decimal" else 0
    value = Decimal(str(number))
    return value.is_finite() and abs(value) <= _largest(field) and value == round(value, places)


def _number_words(field: Mapping[str, Any]) -> str:
    if field["type"] == "integer":
        return f"a whole number between -{LARGEST_INTEGER} and {LARGEST_INTEGER}"
    places = field.get("decimal_places", DECIMAL_PLACES)
    before = DECIMAL_DIGITS - places
    return f"a number with at most {places} digit(s) after the point and {before} before it"


def _default_faults(field: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if "default" not in field:
        return
    default = field["default"]
    if not catalog()["field_types"][field["type"]]["default"]:
        yield "default", f"does not apply to a field of type {field['type']}; remove it"
    elif field.get("required"):
        yield "default", "contradicts `required: true`; remove one of them"
    elif not _default_matches(field, default):
        yield "default", f"must be a value that the field accepts; got: {_shown(default)}"


def _default_matches(field: Mapping[str, Any], default: object) -> bool:
    match field["type"]:
        case "boolean":
            return isinstance(default, bool)
        case "enum":
            return default in field["values"]
        case "string" | "text":
            return isinstance(default, str) and _plain(default) and len(default) <= _length(field)
        case "integer" | "decimal":
            return _number_matches(field, default)
        case _:
            return False


def _plain(text: str) -> bool:
    return bool(text.strip()) and text.isprintable()


def _number_matches(field: Mapping[str, Any], default: object) -> bool:
    if isinstance(default, (bool, str)) or not _fits(field, default):
        return False
    number = Decimal(str(default))
    lowest, highest = _bounds(field)
    return lowest <= number <= highest


def _references(answers: Mapping[str, Any]) -> Iterator[Problem]:
    entities = answers.get("entities", [])
    names = [entity["name"] for entity in entities]
    for entity_index, entity in enumerate(entities):
        for index, field in enumerate(entity["fields"]):
            target = field.get("references")
            if target is not None and target not in names:
                yield Problem(
                    f"entities[{entity_index}].fields[{index}].references",
                    f"names no entity; got: {target!r}, entities: {', '.join(names)}",
                )
    for name in sorted(_in_required_cycle(entities)):
        yield Problem(
            f"entities[{names.index(name)}]",
            f"{name!r} is in a circle of required references, so none of it could ever be created; "
            "make one of the references optional",
        )


def _in_required_cycle(entities: Sequence[Mapping[str, Any]]) -> set[str]:
    """Name the entities from which required references lead back to themselves."""
    points_to = {
        entity["name"]: {
            field["references"]
            for field in entity["fields"]
            if field.get("required") and "references" in field
        }
        for entity in entities
    }

    def reachable(start: str) -> set[str]:
        seen: set[str] = set()
        ahead = set(points_to.get(start, ()))
        while ahead:
            name = ahead.pop()
            if name not in seen:
                seen.add(name)
                ahead |= points_to.get(name, set())
        return seen

    return {name for name in points_to if name in reachable(name)}


RULES = (
    _availability,
    _function_needs_reason,
    _service_names,
    _requirement_ids,
    _operations,
    _entity_names,
    _field_names,
    _field_limits,
    _references,
)


def warnings(answers: Mapping[str, Any]) -> list[Problem]:
    """List what contradicts itself in valid answers, each with a recommendation.

    `message` says what was found and what to do; nothing of it stops a generation.
    """
    return [*_unasked_modules(answers), *_broken_promises(answers)]


def _unasked_modules(answers: Mapping[str, Any]) -> Iterator[Problem]:
    """Find words that hint at a module which is not chosen."""
    chosen = closure(answers["level"], answers["modules"])
    for path, text in _spoken(answers):
        for module in catalog()["modules"]:
            sign = next(
                (s for s in module["signs"] if re.search(rf"\b{s}s?\b", text.lower())), None
            )
            if sign and module["name"] not in chosen:
                yield Problem(
                    path,
                    f"speaks of {sign!r} without the module {module['name']!r} ({module['title']}); "
                    "choose the module, or say how else it is done",
                )


def _spoken(answers: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The texts that say what the system does, by path; what was descoped is not done."""
    for index, requirement in enumerate(answers["functional_requirements"]):
        if "descoped" not in requirement:
            text = f"{requirement['title']} {requirement.get('acceptance', '')}"
            yield f"functional_requirements[{index}]", text
    for index, integration in enumerate(answers["integrations"]):
        yield f"integrations[{index}]", f"{integration['name']} {integration['purpose']}"
    for index, text in enumerate(answers["scope_in"]):
        yield f"scope_in[{index}]", text


def _broken_promises(answers: Mapping[str, Any]) -> Iterator[Problem]:
    """Find targets that the chosen level cannot be expected to hold."""
    target, levels = answers["non_functional"], catalog()["levels"]
    promises = next(entry for entry in levels if entry["level"] == answers["level"])["promises"]

    def advised(holds: Callable[[dict[str, Any]], bool]) -> str:
        fitting = [e for e in levels if holds(e["promises"])]
        return f"level {fitting[0]['level']} ({fitting[0]['name']})" if fitting else "no level"

    available = target["availability_percent"]
    if available > promises["availability_percent"]:
        advice = advised(lambda p: p["availability_percent"] >= available)
        yield Problem(
            "non_functional.availability_percent",
            f"{available} % is more than level {answers['level']} can promise "
            f"({promises['availability_percent']} %); {advice} is made for it",
        )
    users = target["expected_users"]
    if promises["users"] is not None and users > promises["users"]:
        advice = advised(lambda p: p["users"] is None or p["users"] >= users)
        yield Problem(
            "non_functional.expected_users",
            f"{users} users are more than level {answers['level']} is made for "
            f"({promises['users']}); consider {advice}",
        )
    if target["compliance"] and not promises["compliance"]:
        advice = advised(lambda p: p["compliance"])
        yield Problem(
            "non_functional.compliance",
            f"{', '.join(target['compliance'])}: access control and an audit log come with {advice}",
        )


def unavailable(kind: str, name: object) -> str:
    """Say why a level or module cannot be chosen yet; empty if it can."""
    answer = {"level": name} if kind == "level" else {"modules": [name]}
    return "".join(problem.message for problem in _availability(answer))


def closure(level: int, modules: Sequence[str]) -> list[str]:
    """Give the modules together with all that they and the level bring, in catalog order."""
    needs = {module["name"]: module["requires"] for module in catalog()["modules"]}
    wanted = {*modules, *catalog()["level_requires"].get(level, [])}
    while more := {need for name in wanted for need in needs[name]} - wanted:
        wanted |= more
    return [name for name in needs if name in wanted]


def features(level: int, modules: Sequence[str]) -> list[dict[str, Any]]:
    """Give the features of the catalog that this level and these modules bring."""
    return _brought(catalog()["features"], level, modules)


def _brought(
    entries: Iterable[dict[str, Any]], level: int, modules: Sequence[str]
) -> list[dict[str, Any]]:
    """Keep the entries that this level and these modules bring; `level` and `module` say so."""
    return [
        entry
        for entry in entries
        if entry.get("level", 1) <= level and entry.get("module") in {None, *modules}
    ]


def phases(level: int, modules: Sequence[str]) -> list[dict[str, Any]]:
    """Give the stage-4 phases with their state and the features that are in them."""
    chosen = features(level, modules)
    found = []
    for phase in catalog()["phases"]:
        inside = [feature for feature in chosen if feature["phase"] == phase["phase"]]
        state = "included"
        if not inside:
            state = f"from level {phase['level']}" if "level" in phase else "not requested"
        found.append({**phase, "features": inside, "state": state})
    return found


def requirement_state(requirement: Mapping[str, Any]) -> str:
    """`in scope`, or why and by whom a requirement was descoped."""
    descoped = requirement.get("descoped")
    if not descoped:
        return "in scope"
    return f"descoped by {descoped['approved_by']}: {descoped['reason']}"


def cell(text: str) -> str:
    """A text as a cell of a Markdown table: it must not break the row."""
    return text.strip().replace("|", "\\|").replace("\n", "<br>")


# What at the start of a line makes a heading of it or of the line before, code or HTML of all that
# follows, or a list in a list at once.
TAKING_OVER = re.compile(
    r"^ {0,3}(?=#{1,6}(?:[ \t]|$)|```|~~~|<|(?:=+|-+)[ \t]*$|(?:[-*+>][ \t]+){2})", re.MULTILINE
)
MARKER = re.compile(r"^(?=[-*+>](?:\s|$))")


def prose(text: str) -> str:
    """A text as paragraphs of Markdown, lists and such included: the document keeps its outline."""
    return TAKING_OVER.sub(r"\g<0>\\", text.strip())


def item(text: str) -> str:
    """A text as an item of a Markdown list: further lines are indented, the first is no list."""
    return MARKER.sub(r"\\", prose(text)).replace("\n", "\n  ")


# ------------------------------------------------------------------- 2. the entities, worked out


def class_name(name: str) -> str:
    """`escrow_account` -> `EscrowAccount`."""
    return "".join(part.capitalize() for part in name.split("_"))


def kebab(name: str) -> str:
    """`escrow_account` -> `escrow-account`: hosts, networks and URLs."""
    return name.replace("_", "-")


def words(name: str) -> str:
    """`escrow_account` -> `escrow account`."""
    return name.replace("_", " ")


def plural_of(entity: Mapping[str, Any]) -> str:
    """The plural that was given, or the regular English one of the last word."""
    name: str = entity["name"]
    if "plural" in entity:
        return str(entity["plural"])
    if name.endswith(("s", "x", "z", "ch", "sh")):
        return f"{name}es"
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return f"{name[:-1]}ies"
    return f"{name}s"


def with_article(phrase: str) -> str:
    """`escrow account` -> `an escrow account`."""
    return f"{'an' if phrase[0] in 'aeio' else 'a'} {phrase}"


def _length(field: Mapping[str, Any]) -> int:
    return int(field.get("max_length", TEXT_LENGTH if field["type"] == "text" else STRING_LENGTH))


def _largest(field: Mapping[str, Any]) -> Decimal:
    """The largest number that the column of a field holds."""
    if field["type"] == "integer":
        return Decimal(LARGEST_INTEGER)
    places = int(field.get("decimal_places", DECIMAL_PLACES))
    return Decimal(10) ** (DECIMAL_DIGITS - places) - Decimal(10) ** -places


def _bounds(field: Mapping[str, Any]) -> tuple[Decimal, Decimal]:
    """The smallest and largest number of a field, also where none was set."""
    edge = _largest(field)
    return (
        Decimal(str(field.get("minimum", -edge))),
        Decimal(str(field.get("maximum", edge))),
    )


def _number(field: Mapping[str, Any], value: Decimal) -> str:
    """A number as Python source."""
    if field["type"] == "integer":
        return _whole(int(value))
    return _decimal(_decimal_text(field, value))


def _decimal(text: str) -> str:
    """A decimal as Python source: `Decimal("1.50")`, `Decimal(3)`."""
    return f'Decimal("{text}")' if "." in text else f"Decimal({text})"


def _whole(number: int) -> str:
    """A whole number as Python source, grouped where it is long."""
    return f"{number:_}" if abs(number) > 9999 else str(number)


def _decimal_text(field: Mapping[str, Any], value: Decimal) -> str:
    return f"{value:.{field.get('decimal_places', DECIMAL_PLACES)}f}"


def data_model(
    entities: Sequence[Mapping[str, Any]], requirements: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """Work out the names, types, rules and samples of all entities for the templates.

    The generated test of an operation names the requirements that the operation meets.
    `entities` keeps the order of the answers; `tables` is the order in which tables can be
    created, with `late_references` for foreign keys of circles, to be added afterwards.
    """
    plurals = {entity["name"]: plural_of(entity) for entity in entities}
    built = [
        _entity(entity, plurals) | {"proves": _proofs(entity["name"], requirements)}
        for entity in entities
    ]
    tables, late = _creation_order(built)
    return {
        "entities": built,
        "ruled": [entity for entity in built if entity["rules"]],
        "tables": tables,
        "late_references": late,
    }


def _proofs(name: str, requirements: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Which requirements each operation of an entity meets, as marks of its test."""
    return {
        operation: [
            f'@pytest.mark.requirement("{requirement["id"]}")'
            for requirement in requirements
            if f"{name}.{operation}" in requirement.get("operations", [])
        ]
        for operation in ("create", "get", "list", "update", "delete")
    }


def _entity(entity: Mapping[str, Any], plurals: Mapping[str, str]) -> dict[str, Any]:
    name, plural = entity["name"], plurals[entity["name"]]
    fields = [_field(entity, field, plurals) for field in entity["fields"]]
    sortable = ["created_at", "updated_at", *(f["name"] for f in fields if f["sortable"])]
    changed = next((f for f in fields if not f["reference"]), fields[0])
    return {
        "name": name,
        "plural": plural,
        "table": plural,
        "class": class_name(name),
        "classes": class_name(plural),
        "words": words(name),
        "plural_words": words(plural),
        "a": with_article(words(name)),
        "url": kebab(plural),
        "fields": fields,
        # A field with a default has to follow the ones without in a dataclass signature; they are
        # keyword-only there, so the order of the answers is kept everywhere.
        "required": [field for field in fields if field["required"]],
        "references": [field for field in fields if field["reference"]],
        "unique": [field for field in fields if field["unique"]],
        "aliases": [field["alias"] for field in fields if field["alias"]],
        "rules": [rule for field in fields for rule in field["rules"]],
        "filters": [line for field in fields for line in field["filters"]],
        "sort_values": [value for column in sortable for value in (column, f"-{column}")],
        "changed": changed,
    }


def _field(
    entity: Mapping[str, Any], field: Mapping[str, Any], plurals: Mapping[str, str]
) -> dict[str, Any]:
    kind = catalog()["field_types"][field["type"]]
    name = field["name"]
    named = f"{class_name(entity['name'])}{class_name(name)}"
    constraint = _constraint(field)
    python_type = kind["python"].format(enum=named)
    dto = named if constraint else kind["dto"]
    required = bool(field.get("required"))
    default = _default(field)
    nullable = not required and default is None
    optional = " | None" if nullable else ""
    tail = f" = {default}" if default else (" = None" if nullable else "")
    sample = _sample(field)
    return {
        "name": name,
        "type": field["type"],
        "required": required,
        "nullable": nullable,
        "unique": bool(field.get("unique")),
        "reference": plurals.get(field["references"]) if "references" in field else None,
        "sortable": kind["sortable"],
        # `metadata` and `registry` are taken in SQLAlchemy's declarative classes; only the
        # Python attribute differs, the column keeps its name.
        "attribute": f"{name}_" if name in {"metadata", "registry"} else name,
        "alias": f"{named} = {constraint}" if constraint else None,
        "literal_alias": f"{named} = {constraint}" if field["type"] == "enum" else None,
        "domain": f"{name}: {python_type}{optional}{tail}",
        "create": f"{name}: {dto}{optional}{tail}",
        "change": f"{name}: {_optional_change(dto, nullable)} = None",
        "read": f"{name}: {python_type}{optional}",
        "json": _json_kind(field, kind, nullable),
        "model": _model_line(field, kind, nullable, plurals),
        "column": _column(field, kind, nullable),
        "rules": list(_rules(field, nullable)),
        "filters": [f"{parameter}: {dto} | None = None" for parameter in _parameters(field, kind)],
        "sample_python": _as_python(field, sample),
        "sample_literal": _json_literal(sample),
        "other_sample_literal": _json_literal(_other_sample(field, sample)),
        "invalid_json": _invalid(field),
    }


def _optional_change(dto: str, nullable: bool) -> str:  # noqa: FBT001
    """The type of a field that may be left out of a change; only some may be set to null."""
    return f"{dto} | None" if nullable else f"Annotated[{dto} | None, NotNull()]"


def _json_kind(field: Mapping[str, Any], kind: Mapping[str, Any], nullable: bool) -> str:  # noqa: FBT001
    """What a record has in JSON for the field, as the contracts of events say it."""
    parts = [kind["json"]]
    if "values" in field:
        parts.append(json.dumps(sorted(field["values"]), ensure_ascii=False))
    if nullable:
        parts.append("or null")
    return " ".join(parts)


def _parameters(field: Mapping[str, Any], kind: Mapping[str, Any]) -> list[str]:
    equal = [field["name"]] if "equal" in kind["filters"] else []
    return [*equal, *_range_parameters(field)]


def _constraint(field: Mapping[str, Any]) -> str | None:
    """The annotated type of a field with limits, as Python source."""
    lowest, highest = _bounds(field)
    match field["type"]:
        case "enum":
            return f"Literal[{', '.join(json.dumps(value) for value in field['values'])}]"
        case "string" | "text":
            least = "min_length=1, " if field.get("required") else ""
            return f"Annotated[str, Field({least}max_length={_whole(_length(field))})]"
        case "integer":
            limits = f"ge={_number(field, lowest)}, le={_number(field, highest)}"
            return f"Annotated[int, Field({limits})]"
        case "decimal":
            places = field.get("decimal_places", DECIMAL_PLACES)
            rules = [f"max_digits={DECIMAL_DIGITS}", f"decimal_places={places}"]
            rules += [f"ge={_number(field, lowest)}"] if "minimum" in field else []
            rules += [f"le={_number(field, highest)}"] if "maximum" in field else []
            return f"Annotated[Decimal, Field({', '.join(rules)})]"
        case _:
            return None


def _default(field: Mapping[str, Any]) -> str | None:
    if "default" not in field:
        return None
    default = field["default"]
    if field["type"] in {"integer", "decimal"}:
        return _number(field, Decimal(str(default)))
    return _string(default) if isinstance(default, str) else str(default)


def _string(text: str) -> str:
    """A text as Python source, in the quotes that need the least escaping."""
    literal = json.dumps(text, ensure_ascii=False)
    if text.count('"') > text.count("'"):
        inner = literal[1:-1].replace('\\"', '"').replace("'", "\\'")
        return f"'{inner}'"
    return literal


def _column_type(field: Mapping[str, Any], kind: Mapping[str, Any]) -> str:
    longest = max(map(len, field["values"])) if "values" in field else _length(field)
    places = field.get("decimal_places", DECIMAL_PLACES)
    column = str(kind["column"].format(length=longest, places=places))
    return column if column.startswith("JSONB") else f"sa.{column}"


def _model_line(
    field: Mapping[str, Any],
    kind: Mapping[str, Any],
    nullable: bool,  # noqa: FBT001
    plurals: Mapping[str, str],
) -> str:
    """The mapped column of a field."""
    name = field["name"]
    python_type = kind["python"].format(enum="str")
    # Without the option a missing value would be stored as the JSON value null.
    parts = [_column_type(field, kind).replace("JSONB()", "JSONB(none_as_null=True)")]
    attribute = name
    if name in {"metadata", "registry"}:
        attribute = f"{name}_"
        parts.insert(0, json.dumps(name))
    if "references" in field:
        parts.append(f'sa.ForeignKey("{plurals[field["references"]]}.id")')
    if field.get("unique"):
        parts.append("unique=True")
    elif "references" in field:
        parts.append("index=True")
    optional = " | None" if nullable else ""
    return f"{attribute}: Mapped[{python_type}{optional}] = mapped_column({', '.join(parts)})"


def _column(field: Mapping[str, Any], kind: Mapping[str, Any], nullable: bool) -> str:  # noqa: FBT001
    return f'sa.Column("{field["name"]}", {_column_type(field, kind)}, nullable={nullable})'


def _rules(field: Mapping[str, Any], nullable: bool) -> Iterator[dict[str, str]]:  # noqa: FBT001
    """The rules that the domain keeps for a field, with a value that breaks each."""
    name = field["name"]
    absent = f"self.{name} is None or " if nullable else ""
    for condition, message, broken in _conditions(field):
        yield {
            "field": name,
            "condition": f"{absent}{condition}",
            "message": message,
            "broken": broken,
        }


def _conditions(field: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    name = field["name"]
    match field["type"]:
        case "string" | "text":
            most = _length(field)
            if field.get("required"):
                yield f'self.{name}.strip() != ""', "must not be blank", '" "'
            yield (
                f"len(self.{name}) <= {_whole(most)}",
                f"must have at most {most} characters",
                f'"x" * {_whole(most + 1)}',
            )
        case "integer" | "decimal":
            lowest, highest = _bounds(field)
            step = Decimal(10) ** -(
                field.get("decimal_places", DECIMAL_PLACES) if field["type"] == "decimal" else 0
            )
            if "minimum" in field:
                low = _number(field, lowest)
                yield (
                    f"self.{name} >= {low}",
                    f"must be at least {_said(field, lowest)}",
                    _number(field, lowest - step),
                )
            if "maximum" in field:
                high = _number(field, highest)
                yield (
                    f"self.{name} <= {high}",
                    f"must be at most {_said(field, highest)}",
                    _number(field, highest + step),
                )
        case _:
            return


def _said(field: Mapping[str, Any], value: Decimal) -> str:
    return str(int(value)) if field["type"] == "integer" else _decimal_text(field, value)


def _sample(field: Mapping[str, Any]) -> Any:
    """A valid JSON value of a field."""
    lowest, highest = _bounds(field)
    match field["type"]:
        case "string" | "text":
            return f"Sample {words(field['name'])}"[: _length(field)].rstrip() or "S"
        case "integer":
            return int(min(max(Decimal(1), lowest), highest))
        case "decimal":
            return _decimal_text(field, min(max(Decimal(1), lowest), highest))
        case "enum":
            return field["values"][0]
        case kind:
            return SAMPLES[kind]


SAMPLES: dict[str, Any] = {
    "boolean": True,
    "date": "2026-01-31",
    "datetime": "2026-01-31T12:00:00Z",
    "uuid": "0b8c5d0e-3f6b-4c55-9d0a-5c7f0a3b1e11",
    "email": "someone@example.com",
    "url": "https://example.com/page",
    "json": {"key": "value"},
    "reference": "6f1d2c9a-8a4e-4f57-8d1b-2a9c3e4f5b60",
}
OTHER_SAMPLES: dict[str, Any] = {
    "boolean": False,
    "date": "2026-02-28",
    "datetime": "2026-02-28T18:30:00Z",
    "uuid": "d2a7c1b4-5e8f-4a63-b9c0-7f6e5d4c3b2a",
    "email": "other@example.com",
    "url": "https://example.com/other",
    "json": {"key": "other"},
    "reference": "6f1d2c9a-8a4e-4f57-8d1b-2a9c3e4f5b60",
}


def _other_sample(field: Mapping[str, Any], sample: Any) -> Any:
    """A second valid value; the same one where the limits allow only one."""
    lowest, highest = _bounds(field)
    match field["type"]:
        case "string" | "text":
            return f"Other {words(field['name'])}"[: _length(field)].rstrip() or "O"
        case "integer":
            return sample + 1 if sample + 1 <= highest else max(sample - 1, int(lowest))
        case "decimal":
            return _decimal_text(field, min(max(Decimal(2), lowest), highest))
        case "enum":
            return field["values"][-1]
        case kind:
            return OTHER_SAMPLES[kind]


def _as_python(field: Mapping[str, Any], sample: Any) -> str:
    match field["type"]:
        case "integer" | "boolean":
            return str(sample) if isinstance(sample, bool) else _whole(sample)
        case "decimal":
            return _decimal(sample)
        case "date":
            return f'dt.date.fromisoformat("{sample}")'
        case "datetime":
            return f'dt.datetime.fromisoformat("{sample}")'
        case "uuid" | "reference":
            return f'UUID("{sample}")'
        case _:
            return json.dumps(sample, ensure_ascii=False)


def _json_literal(value: Any) -> str:
    """A JSON value as Python source."""
    match value:
        case bool():
            return str(value)
        case int():
            return _whole(value)
        case _:
            return json.dumps(value, ensure_ascii=False)


def _invalid(field: Mapping[str, Any]) -> str:
    """A JSON value that the field must refuse, as Python source."""
    match field["type"]:
        case "string" | "text":
            return f'"x" * {_whole(_length(field) + 1)}'
        case "integer":
            return _number(field, _bounds(field)[1] + 1)
        case _:
            return '"?"'


def _creation_order(
    entities: Sequence[dict[str, Any]],
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Order tables so that what is referenced comes first; list what a circle leaves over."""
    ordered: list[dict[str, Any]] = []
    waiting = list(entities)
    while waiting:
        there = {entity["table"] for entity in ordered}
        ready = [entity for entity in waiting if _targets(entity) <= there | {entity["table"]}]
        chosen = ready or waiting[:1]
        ordered.extend(chosen)
        waiting = [entity for entity in waiting if entity not in chosen]
    late: list[dict[str, str]] = []
    position = {entity["table"]: index for index, entity in enumerate(ordered)}
    tables = []
    for entity in ordered:
        inline = []
        for field in entity["references"]:
            if position[field["reference"]] <= position[entity["table"]]:
                inline.append(field)
            else:
                late.append(
                    {
                        "table": entity["table"],
                        "column": field["name"],
                        "target": field["reference"],
                    }
                )
        tables.append({**entity, "inline_references": inline})
    return tables, late


def _targets(entity: Mapping[str, Any]) -> set[str]:
    return {field["reference"] for field in entity["references"]}


# ------------------------------------------------------------------ 3. the layout of Python files

# What a generated module may use without importing it itself: the fields decide.
AUTOMATIC_IMPORTS = {
    "dt": "import datetime as dt",
    "Decimal": "from decimal import Decimal",
    "Annotated": "from typing import Annotated",
    "Any": "from typing import Any",
    "Literal": "from typing import Literal",
    "UUID": "from uuid import UUID",
    "Field": "from pydantic import Field",
    "AwareDatetime": "from pydantic import AwareDatetime",
    "EmailStr": "from pydantic import EmailStr",
    "Url": "from chassis.schemas import Url",
    "NotNull": "from chassis.schemas import NotNull",
    "JSONB": "from sqlalchemy.dialects.postgresql import JSONB",
}
FIRST_PARTY = re.compile(r"^(chassis(_[a-z0-9_]+)?|shared|tools|[a-z0-9_]+_(api|worker|bot))$")
IMPORT = re.compile(
    r"^(?:import (?P<whole>[\w.]+)(?: as (?P<alias>\w+))?"
    r"|from (?P<module>[\w.]+) import (?P<names>.+))$"
)


def python(source: str) -> str:
    """Lay out a module as ruff would: imports merged and sorted, long lines split at brackets.

    The templates write one import a line at the top, in any order, and statements of any
    length. An import that the entity at hand does not need is dropped; names of
    AUTOMATIC_IMPORTS need no import at all.
    """
    lines = source.strip("\n").split("\n")
    start = next((i for i, line in enumerate(lines) if IMPORT.match(line)), None)
    head, body = lines, []
    if start is not None:
        head = lines[:start]
        body = [line for line in lines[start:] if not IMPORT.match(line)]
    else:
        cut = _after_docstring(lines)
        head, body = lines[:cut], lines[cut:]
    # A loop that had nothing to go through leaves a pair of brackets behind.
    rest = "\n".join(body).strip("\n").replace("= [\n]", "= []")
    code = _code(rest)
    # What a module exports is named by texts.
    using = rest if "__all__" in code else code
    imports = [line for line in lines if IMPORT.match(line) and _is_used(line, using)]
    needed = [line for name, line in AUTOMATIC_IMPORTS.items() if re.search(rf"\b{name}\b", code)]
    block = _import_block([*imports, *needed])
    parts = ["\n".join(head).strip("\n"), block, "\n".join(_laid_out(rest.split("\n")))]
    sections = [part for part in parts if part.strip()]
    gap = "\n\n\n" if re.match(r"(@|class |def |async def )", rest) else "\n\n"
    if len(sections) == 3 or (block and rest):
        text = "\n\n".join(sections[:-1]) + gap + sections[-1]
    else:
        text = "\n\n".join(sections)
    return text + "\n"


def _is_used(line: str, code: str) -> bool:
    """Tell whether a template's import is needed: some depend on the fields of an entity."""
    found = IMPORT.match(line)
    names = found and (found["alias"] or found["whole"] or found["names"])
    return bool(names) and re.search(rf"\b{names}\b", code) is not None


def _after_docstring(lines: Sequence[str]) -> int:
    if not lines or not lines[0].startswith('"""'):
        return 0
    if lines[0].count('"""') == 2:
        return 1
    return next(i for i, line in enumerate(lines[1:], 1) if line.endswith('"""')) + 1


# A text with what makes a template of it: there, names are code.
STRINGS = re.compile(
    r'(?P<template>\bf)?(?:"""[\s\S]*?"""|"(?:[^"\\\n]|\\.)*"' + "|" + r"'(?:[^'\\\n]|\\.)*')"
)


def _code(text: str) -> str:
    """The text without its string literals, so that words in them do not ask for imports."""
    return STRINGS.sub(lambda found: found[0] if found["template"] else '""', text)


def _import_block(lines: Iterable[str]) -> str:
    """Merge and sort imports: standard library, third party, first party."""
    whole: set[tuple[str, str]] = set()
    names: dict[str, set[str]] = {}
    for line in lines:
        found = IMPORT.match(line)
        if found is None:
            continue
        if found["whole"]:
            whole.add((found["whole"], found["alias"] or ""))
        else:
            names.setdefault(found["module"], set()).update(
                name.strip() for name in found["names"].split(",")
            )
    sections = []
    for section in range(3):
        plain = [
            f"import {module} as {alias}" if alias else f"import {module}"
            for module, alias in sorted(whole, key=lambda item: _natural(item[0]))
            if _section(module) == section
        ]
        froms = [
            _import_line(module, names[module])
            for module in sorted(names, key=_natural)
            if _section(module) == section
        ]
        if plain or froms:
            sections.append("\n".join([*plain, *froms]))
    return "\n\n".join(sections)


def _section(module: str) -> int:
    root = module.split(".", maxsplit=1)[0]
    if root in sys.stdlib_module_names:
        return 0
    return 2 if FIRST_PARTY.match(root) else 1


def _compared(left: str, right: str) -> int:
    """Compare as ruff's isort does: `item2` < `item10`; a number that begins with 0 as if text."""
    pairs = itertools.zip_longest(
        *(re.findall(r"\d+|\D", name) for name in (left, right)), fillvalue=""
    )
    for one, other in pairs:
        numbers = one.isdigit() and other.isdigit() and "0" not in (one[0], other[0])
        before, after = (
            ((len(one), one), (len(other), other)) if numbers else ((0, one), (0, other))
        )
        if before != after:
            return -1 if before < after else 1
    return 0


# Sort key of a name.
_natural = functools.cmp_to_key(_compared)


def _member_order(name: str) -> tuple[int, Any]:
    bare = name.split(" as ", maxsplit=1)[0]
    if len(bare) > 1 and bare.isupper():
        return 0, _natural(bare)
    return (1 if bare[0].isupper() else 2), _natural(bare)


def as_members(names: Iterable[str]) -> list[str]:
    """Sort what a module exports, as ruff sorts imports and `__all__`: `Q1` counts as a constant."""
    return sorted(names, key=_member_order)


def _import_line(module: str, names: Iterable[str]) -> str:
    members = as_members(names)
    line = f"from {module} import {', '.join(members)}"
    if len(line) <= LINE_LENGTH:
        return line
    return "\n".join([f"from {module} import (", *(f"    {name}," for name in members), ")"])


# A field of a class, whose type and default have no brackets to split at.
FIELD = re.compile(r"( +)(\w+): (\w+(?: \| None)?) = (None|-?[\w.]+|\"(?:[^\"\\]|\\.)*\"|'[^']*')$")
# An argument that is a condition; what our templates write there has no brackets before the `or`.
CHOICE = re.compile(r"(?P<indent> +)(?P<first>\w+=[^\s(\[{\"]+ is None) or (?P<second>.+,)$")


SINGLE_QUOTED = re.compile(r"'(?:[^'\\\n]|\\.)*'")


def _laid_out(lines: Iterable[str]) -> Iterator[str]:
    quoted = False
    for line in lines:
        if quoted or _width(line) <= LINE_LENGTH:
            yield line
        else:
            yield from _split(line)
        # A text in single quotes may have any number of double ones.
        marks = line if quoted else SINGLE_QUOTED.sub("", line)
        if marks.count('"""') % 2:
            quoted = not quoted


def _width(line: str) -> int:
    """Columns of a line; East Asian wide characters take two, as ruff counts them."""
    if line.isascii():
        return len(line)
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)


def _wrapped_field(line: str, of: re.Match[str]) -> Iterator[str]:
    """Put the default of a field into brackets, or its type where that is what is long."""
    indent, name, kind, default = of.groups()
    inner = f"{indent}    {default}"
    if default == "None":
        yield from (f"{indent}{name}: (", f"{indent}    {kind}", f"{indent}) = None")
    elif _width(inner) <= LINE_LENGTH:
        yield from (f"{indent}{name}: {kind} = (", inner, f"{indent})")
    else:
        yield line


def _split(line: str) -> Iterator[str]:
    """Split an argument at its `or`, a field at its type or default, other lines at a bracket.

    It is the last outermost bracket, and what was in it stands one item a line, with a comma.
    """
    if choice := CHOICE.match(line):
        yield f"{choice['indent']}{choice['first']}"
        yield from _laid_out([f"{choice['indent']}or {choice['second']}"])
        return
    if of := FIELD.match(line):
        yield from _wrapped_field(line, of)
        return
    groups = _bracket_groups(line)
    if not groups:
        yield line
        return
    # A function is split at its parameters, everything else where the formatter prefers it: last.
    is_function = re.match(r"\s*(async )?def ", line)
    start, end, commas = groups[0] if is_function else groups[-1]
    indent = " " * (len(line) - len(line.lstrip()) + 4)
    edges = [start, *commas, end]
    yield line[: start + 1]
    for left, right in itertools.pairwise(edges):
        item = line[left + 1 : right].strip()
        if item:
            yield from _laid_out([f"{indent}{item},"])
    yield f"{indent[:-4]}{line[end:]}"


def _bracket_groups(line: str) -> list[tuple[int, int, list[int]]]:
    """Find the outermost bracket pairs and the commas directly inside each (columns)."""
    depth, start = 0, 0
    commas: list[int] = []
    groups: list[tuple[int, int, list[int]]] = []
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(line.strip()).readline))
    except tokenize.TokenError:
        return []
    shift = len(line) - len(line.lstrip())
    for token in tokens:
        if token.type != tokenize.OP:
            continue
        column = token.start[1] + shift
        if token.string in "([{":
            if depth == 0:
                start, commas = column, []
            depth += 1
        elif token.string in ")]}":
            depth -= 1
            if depth == 0:
                groups.append((start, column, commas))
        elif token.string == "," and depth == 1:
            commas.append(column)
    return groups


# --------------------------------------------------------------------------- 4. files and owners

TEMPLATE = SCHEMAS.parent / "template"
SUFFIX = ".jinja"
# copier.yml says the same to Copier; tests/template/test_ownership.py compares them.
EXCLUDED = (
    ".git",
    "__pycache__",
    "*.pyc",
    ".DS_Store",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
)
LOOP = re.compile(
    r"^(?P<before>.*)\{%-?\s*yield\s+(?P<name>\w+)\s+from\s+(?P<items>.+?)\s*-?%\}"
    r"(?P<body>.*)\{%-?\s*endyield\s*-?%\}(?P<after>.*)$"
)
# Where a project keeps the list of its seeds, of the template's files, and the answers' fingerprint.
SEEDS_FILE, TEMPLATE_FILE = ".ferrata/seeds.txt", ".ferrata/template.txt"
FINGERPRINT_FILE = ".ferrata/answers.sha256"


@pass_context
def present(context: Context, entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep the entries of a list in the catalog that the project has."""
    return _brought(entries, context["level"], context["chosen"])


@pass_context
def services(context: Context) -> list[dict[str, Any]]:
    """The services of the project, with their names, in the order in which they start."""
    own = present(context, catalog()["services"])
    return [{**service, "name": context[service["variable"]]} for service in own]


@pass_context
def components(context: Context) -> list[dict[str, Any]]:
    """The containers of the project, in the order in which they start, with their Compose files."""
    additions = present(context, catalog()["compose_additions"])
    found = []
    for component in [*present(context, catalog()["components"]), *services(context)]:
        own = [f".{entry['suffix']}" for entry in additions if component["kind"] in entry["to"]]
        files = [f"{component['name']}{suffix}.yml" for suffix in ("", *own)]
        found.append({**component, "files": files})
    return found


@pass_context
def packages(context: Context) -> list[dict[str, Any]]:
    """The workspace packages of the project's modules."""
    return [
        {
            "name": module["package"],
            "folder": f"modules/{module['name']}",
            "about": module["summary"],
        }
        for module in catalog()["modules"]
        if module["name"] in context["chosen"] and "package" in module
    ]


@functools.cache
def _yours() -> PathSpec[Any]:
    return PathSpec.from_lines("gitignore", catalog()["ownership"]["yours"])


def owner(path: str) -> str:
    """Say who owns a path of a project: `yours`, seeded once, or `template`, kept up to date."""
    return "yours" if _yours().match_file(path) else "template"


def expanded(
    environment: Environment, variables: Mapping[str, Any], sources: Iterable[str]
) -> dict[str, tuple[str, dict[str, Any]]]:
    """Map every path of the project to its source and the variables of the loops around it.

    Sources are paths below template/, as Copier finds them.
    """
    known = set(sources)
    paths = _Paths(environment, variables)
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for source in sorted(known):
        # `name` beside `name.jinja` is not used; the rendered one takes its place.
        if f"{source}{SUFFIX}" in known:
            continue
        parts = PurePosixPath(source.removesuffix(SUFFIX)).parts
        for path, loop in paths.expanded(parts, (), {}):
            if not any(map(_excluded, path)):
                found["/".join(path)] = (source, loop)
    return dict(sorted(found.items()))


@functools.cache
def _excluded(part: str) -> bool:
    return any(fnmatch(part, pattern) for pattern in EXCLUDED)


class _Paths:
    """Expands paths; a folder that is part of many is compiled once."""

    def __init__(self, environment: Environment, variables: Mapping[str, Any]) -> None:
        self._variables = variables
        self._template = functools.cache(environment.from_string)
        self._expression = functools.cache(environment.compile_expression)

    def expanded(
        self, parts: tuple[str, ...], done: tuple[str, ...], loop: dict[str, Any]
    ) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
        """Render a path: an empty part drops it, `.` adds nothing, a loop multiplies it."""
        if not parts:
            yield done, loop
            return
        for name, inner in self._part(parts[0], loop):
            if name:
                following = done if name == "." else (*done, name)
                yield from self.expanded(parts[1:], following, inner)

    def _part(self, part: str, loop: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        if "{" not in part:
            yield part, loop
            return
        known = {**self._variables, **loop}
        found = LOOP.match(part)
        if found is None:
            yield self._template(part).render(known), loop
            return
        body = self._template(found["before"] + found["body"] + found["after"])
        for item in self._expression(found["items"])(**known) or ():
            inner = {**loop, found["name"]: item}
            yield body.render({**known, **inner}), inner


@pass_context
def paths_of(context: Context, wanted: str) -> list[str]:
    """The paths of the project that this owner has."""
    found = expanded(context.environment, context.get_all(), _sources())
    return [path for path in found if owner(path) == wanted]


@functools.cache
def _sources() -> list[str]:
    """Every file of this version of the template."""
    files = (path for path in TEMPLATE.rglob("*") if not path.is_dir())
    return [path.relative_to(TEMPLATE).as_posix() for path in files]


def fingerprint(answers: Mapping[str, Any]) -> str:
    """A hash of the answers; an edit of the answers file by hand shows in it.

    The template's address is left out: a template may move, and then its address is edited.
    """
    kept = {key: value for key, value in answers.items() if not key.startswith("_")}
    text = json.dumps(kept, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


# What names services and packages; a project that is there keeps it.
FIXED = ("context", "domain", "function", "function_reason")


def refused_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Problem]:
    """List the answers that an existing project cannot change."""
    found = [
        Problem(key, f"cannot change in a project; it stays {_shown(before.get(key, ''))}")
        for key in FIXED
        if before.get(key, "") != after.get(key, "")
    ]
    if before["entities"] != after["entities"]:
        found.append(
            Problem("entities", "seeded the project, its code is yours now; change it in the code")
        )
    if after["level"] < before["level"]:
        found.append(
            Problem(
                "level",
                f"{after['level']} is below the project's level {before['level']}; "
                "a level is never lowered",
            )
        )
    removed = [name for name in before["modules"] if name not in after["modules"]]
    found += [
        Problem("modules", f"{name!r} is in the project; no module is taken out")
        for name in removed
    ]
    return found


# --------------------------------------------------------------------------- what Copier calls


def _as_given(context: Context) -> dict[str, Any]:
    """The answers that were passed in, with values of the command line read as YAML.

    What Copier and Jinja put into the context themselves is no answer.
    """
    own = {*context.environment.globals, *COPIER_NAMES}
    values = {
        name: context[name]
        for name in context.get_all()
        if not name.startswith("_") and name not in own
    }
    return {
        name: _parsed(name, value)
        for name, value in values.items()
        if value != "" or name not in OPTIONAL_TEXTS
    }


# Copier stores an unanswered optional question as an empty text.
OPTIONAL_TEXTS = frozenset({"function", "function_reason"})
COPIER_NAMES = frozenset({"UNSET", "make_secret", "now"})


def _parsed(name: str, value: object) -> object:
    wanted = schema()["properties"].get(name, {})
    if not isinstance(value, str) or "type" not in wanted or wanted["type"] == "string":
        return value
    try:
        return yaml.safe_load(value)
    except yaml.YAMLError:
        return value


def _stop_at(found: Sequence[Problem]) -> None:
    if found:
        from copier.errors import UserMessageError  # noqa: PLC0415  (only Copier itself gets here)

        raise UserMessageError("\n".join(str(problem) for problem in found))


@pass_context
def given(context: Context, defaults: bool) -> str:  # noqa: FBT001
    """Stop Copier if what was passed in is wrong; with `--defaults` also if it is not all."""
    answers = _as_given(context)
    _stop_at(problems(answers, complete=defaults))
    return ""


@pass_context
def checked(context: Context) -> str:
    """Stop Copier if the complete answers are wrong."""
    known = schema()["properties"]
    answers = {name: value for name, value in _as_given(context).items() if name in known}
    _stop_at(problems(answers))
    return ""


def _compiling_once(environment: Environment) -> Callable[..., Template]:
    """Make `from_string` remember, for Copier compiles each part of each path anew.

    Preprocessing is done every time all the same: there Copier's `yield` tag starts afresh.
    """
    compiled = functools.cache(environment.from_string)

    def from_string(source: str, **options: Any) -> Template:
        environment.preprocess(source)
        return compiled(source, **options)

    return from_string


class Answers(Extension):
    """Gives the templates the checks, the data model and the naming filters."""

    def __init__(self, environment: Environment) -> None:
        """Register everything that templates may call."""
        super().__init__(environment)
        environment.from_string = _compiling_once(environment)  # type: ignore[method-assign]
        environment.filters.update(
            class_name=class_name,
            kebab=kebab,
            words=words,
            data_model=data_model,
            python=python,
            as_members=as_members,
            cell=cell,
            item=item,
            prose=prose,
            requirement_state=requirement_state,
            fingerprint=fingerprint,
            present=present,
            # JSON strings are valid in TOML, YAML and Python alike.
            quoted=functools.partial(json.dumps, ensure_ascii=False),
        )
        environment.globals.update(
            given=given,
            checked=checked,
            unavailable=unavailable,
            closure=closure,
            features=features,
            phases=phases,
            catalog=catalog,
            components=components,
            packages=packages,
            paths_of=paths_of,
            services=services,
        )
